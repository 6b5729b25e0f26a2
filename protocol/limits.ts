/** The limits of a socket, each with its reason; figures from the measurements behind the design. */
export const limits = {
  /** What one frame from a window or desk may weigh: the longest log entry, several times over. */
  frameMaxBytes: 65_536,
  /** A chunk of events towards a desk. */
  chunkMaxBytes: 262_144,
  /** Sent by a desk and not yet answered. */
  windowMax: 64,
  /** Queued on a socket: from here live events stop, and the reader goes on from the log when it has drained. */
  lagBytes: 1 << 20,
  /** Queued on a socket: from here, or after `lagMs`, it is cut off and resumes by its cursor. */
  cutBytes: 4 << 20,
  lagMs: 10_000,
  pingEveryMs: 2_000,
  /** Two pings missed. */
  deadAfterMs: 5_000,
  /** Small enough to be invisible, large enough to turn many events into one write. */
  coalesceMs: 5,
} as const;
