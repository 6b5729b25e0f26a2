import {
  diskLevel,
  diskRoom,
  type DiskLevel,
  type DiskLimits,
  type DiskRoom,
} from './disk-room.ts';
import type { Notices } from './notices.ts';

export interface Watched {
  /** What its notice is about, and its name in the figures. */
  readonly about: string;
  /** As people are told of it: "The server's disk". */
  readonly name: string;
  readonly folder: string;
}

export interface DiskWatchPorts {
  readonly disks: readonly Watched[];
  readonly limits: DiskLimits;
  readonly notices: Notices;
  readonly roomOf?: (folder: string) => Promise<DiskRoom>;
}

/** Looks how full the disks are that a server writes to, and tells where one comes to its end. */
export class DiskWatch {
  readonly #ports: DiskWatchPorts;
  readonly #levels = new Map<string, DiskLevel>();
  readonly #rooms = new Map<string, DiskRoom>();
  /** A disk that does not answer holds up this and nothing else; it is not asked twice at once. */
  readonly #asked = new Set<string>();

  constructor(ports: DiskWatchPorts) {
    this.#ports = ports;
  }

  /** How full each was when it was last looked at. */
  get rooms(): ReadonlyMap<string, DiskRoom> {
    return this.#rooms;
  }

  /** Resolves when every disk has answered. */
  async look(): Promise<void> {
    await Promise.all(this.#ports.disks.map((disk) => this.#lookAt(disk)));
  }

  async #lookAt({ about, name, folder }: Watched): Promise<void> {
    if (this.#asked.has(about)) return;
    this.#asked.add(about);
    const { limits, notices, roomOf = diskRoom } = this.#ports;
    try {
      const room = await roomOf(folder);
      const level = diskLevel(room, limits, this.#levels.get(about));
      this.#rooms.set(about, room);
      this.#levels.set(about, level);
      const text = `${name} is ${room.usedPercent} % full`;
      notices.set(about, level === 'fine' ? undefined : { level, text });
    } catch {
      // Why is told by whatever writes there; that nobody knows how full it is has to be known too.
      this.#rooms.delete(about);
      notices.set(about, { level: 'urgent', text: `${name} cannot be looked at` });
    } finally {
      this.#asked.delete(about);
    }
  }
}
