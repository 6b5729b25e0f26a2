import { randomBytes, randomUUID, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { CommandId, DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { parseAsked } from '#protocol/command.ts';
import type { DeskDown } from '#protocol/down.ts';
import type { WireEvent } from '#protocol/events.ts';
import { limits } from '#protocol/limits.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import { deskUp, type DeskUp } from '#protocol/up.ts';
import { history, subprotocol } from '#protocol/version.ts';
import type { StoredEvent } from '#store/event-log.ts';
import type { Accounts } from '../auth/accounts.ts';
import { forbids } from '../auth/policy.ts';
import type { AuditRow, Recorder } from '../log/recorder-port.ts';

export interface SyncOptions {
  readonly recorder: Recorder;
  readonly accounts: Accounts;
  readonly now: () => EpochMs;
  readonly draftCopied: (copy: Extract<DeskUp, { frame: 'draft-copy' }>) => void;
  readonly failed: (error: unknown) => void;
}

const HELLO_WITHIN_MS = 5_000;
const STRANGERS_MAX = 20; // sockets that have not said who they are, of one address
const BURST = 200;
const PER_SECOND = 50;
const PAGE = 500;
const TICK_MS = 500;
const SYSTEM = 'system' as UserId;
const SERVER = 'server' as DeskId;

/** The desks' sockets: who they are, what they have, and what they are sent. */
export class SyncGateway {
  readonly #options: SyncOptions;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameMaxBytes,
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
  });
  readonly #desks = new Map<DeskId, DeskLine>();
  readonly #lines = new Set<DeskLine>();
  readonly #strangers = new Map<string, number>();
  readonly #ticker: NodeJS.Timeout;
  readonly #stopListening: () => void;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#stopListening = options.recorder.onRecorded(() => {
      for (const line of this.#lines) line.more();
    });
    this.#ticker = setInterval(() => {
      for (const line of this.#lines) line.tick();
    }, TICK_MS);
  }

  /** Desks that are joined now. */
  get joined(): readonly DeskId[] {
    return [...this.#desks.keys()];
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = request.socket.remoteAddress ?? '';
    const offered = request.headers['sec-websocket-protocol']?.split(/,\s*/) ?? [];
    const strangers = this.#strangers.get(address) ?? 0;
    // A desk is no page: a socket with an Origin was opened by some web site.
    const refusal =
      request.headers.origin !== undefined || !offered.includes(subprotocol)
        ? '403 Forbidden'
        : strangers >= STRANGERS_MAX
          ? '429 Too Many Requests'
          : undefined;
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\n\r\n`);
      return;
    }
    this.#strangers.set(address, strangers + 1);
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      const line = new DeskLine(accepted, this.#options, {
        isKnown: (desk) => {
          this.#forget(address);
          // The newer line of a desk is the one that lives.
          this.#desks.get(desk)?.end(4001, 'replaced');
          this.#desks.set(desk, line);
        },
        isGone: (desk) => {
          this.#lines.delete(line);
          if (desk === undefined) this.#forget(address);
          else if (this.#desks.get(desk) === line) this.#desks.delete(desk);
        },
      });
      this.#lines.add(line);
    });
  }

  /** Ends a desk's line at once, after its key was revoked. */
  drop(desk: DeskId): void {
    this.#desks.get(desk)?.end(4401, 'revoked');
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#stopListening();
    for (const line of this.#lines) line.end(1001, 'the server stops');
  }

  #forget(address: string): void {
    const left = (this.#strangers.get(address) ?? 1) - 1;
    if (left > 0) this.#strangers.set(address, left);
    else this.#strangers.delete(address);
  }
}

interface Watch {
  readonly isKnown: (desk: DeskId) => void;
  readonly isGone: (desk: DeskId | undefined) => void;
}

/** One socket of one desk. */
class DeskLine {
  readonly #socket: WebSocket;
  readonly #options: SyncOptions;
  readonly #watch: Watch;
  readonly #nonce = randomBytes(32).toString('base64');
  readonly #openedAt: EpochMs;
  #desk: DeskId | undefined;
  #sent = 0;
  #isSending = false;
  #flushedAt = 0;
  #lagSince: EpochMs | undefined;
  #heardAt: EpochMs;
  #pingedAt: EpochMs;
  #tokens = BURST;
  #filledAt: EpochMs;

  constructor(socket: WebSocket, options: SyncOptions, watch: Watch) {
    this.#socket = socket;
    this.#options = options;
    this.#watch = watch;
    this.#openedAt = this.#heardAt = this.#pingedAt = this.#filledAt = options.now();
    // An error is always followed by `close`, which is where it is dealt with.
    socket.on('error', () => {});
    socket.on('close', () => watch.isGone(this.#desk));
    // The binary type of `ws` is a Buffer unless it is told otherwise.
    socket.on('message', (data) => this.#hear((data as Buffer).toString('utf8')));
    this.#send({ frame: 'challenge', nonce: this.#nonce });
  }

  end(code: number, why: string): void {
    this.#socket.close(code, why);
    const timer = setTimeout(() => this.#socket.terminate(), 1_000);
    timer.unref();
  }

  tick(): void {
    const now = this.#options.now();
    if (this.#desk === undefined) {
      if (now - this.#openedAt > HELLO_WITHIN_MS) this.#socket.terminate();
      return;
    }
    if (now - this.#heardAt > limits.deadAfterMs) return this.#socket.terminate();
    const { bufferedAmount } = this.#socket;
    const isStuck = this.#lagSince !== undefined && now - this.#lagSince > limits.lagMs;
    // It resumes by its cursor: nothing is lost by cutting it off.
    if (bufferedAmount > limits.cutBytes || isStuck) return this.#socket.terminate();
    if (now - this.#pingedAt >= limits.pingEveryMs) {
      this.#pingedAt = now;
      this.#send({ frame: 'ping', t0: now });
    }
    this.more();
  }

  /** Sends what is recorded and not yet sent, read from the log, as far as the socket takes it. */
  more(): void {
    if (this.#desk === undefined || this.#isSending) return;
    this.#isSending = true;
    // A single event goes at once; under load what comes within the window goes as one frame.
    const waitMs = Math.max(0, this.#flushedAt + limits.coalesceMs - performance.now());
    setTimeout(() => {
      this.#isSending = false;
      this.#flushedAt = performance.now();
      this.#sendEvents();
    }, waitMs);
  }

  #sendEvents(): void {
    const { recorder, now } = this.#options;
    while (this.#socket.readyState === this.#socket.OPEN && this.#sent < recorder.head().seq) {
      if (this.#socket.bufferedAmount > limits.lagBytes) {
        this.#lagSince ??= now();
        return; // the next tick goes on where this one stopped
      }
      const page = recorder.readAfter(this.#sent, PAGE);
      const chunk: WireEvent[] = [];
      let bytes = 0;
      for (const event of page) {
        const wired = wiredOf(event);
        bytes += (wired.kept?.text.length ?? 0) + 700; // a header with its three hashes
        if (chunk.length > 0 && bytes > limits.chunkMaxBytes) break;
        chunk.push(wired);
      }
      const last = chunk.at(-1)?.header.seq;
      if (last === undefined) return;
      this.#send({ frame: 'events', events: chunk });
      this.#sent = last;
    }
    this.#lagSince = undefined;
  }

  #hear(text: string): void {
    this.#heardAt = this.#options.now();
    const frame = read(text);
    if (!frame) {
      this.#audit('security', 'frame', 'malformed');
      return this.#send({
        frame: 'refused',
        reason: 'malformed',
        message: 'This frame was not understood; nothing was stored.',
      });
    }
    if (this.#desk === undefined) {
      if (frame.frame === 'hello') this.#welcome(frame);
      else if (frame.frame !== 'ping') this.end(4400, 'hello first');
      return;
    }
    const isMetered = frame.frame !== 'stamped-command' && frame.frame !== 'applied';
    if (isMetered && !this.#mayPass()) return;
    this.#handle(frame, this.#desk);
  }

  #handle(frame: DeskUp, desk: DeskId): void {
    const { recorder, now } = this.#options;
    switch (frame.frame) {
      case 'stamped-command':
        return this.#record(frame, desk);
      case 'reserve-references':
        return this.#settle(
          undefined,
          recorder.record({
            commandId: frame.id as CommandId, // its schema is that of a command's id
            asked: { type: 'reserve-references', body: { desk, count: frame.count } },
            occurredAt: now(),
            actor: SYSTEM,
            desk: SERVER,
          }),
        );
      case 'draft-copy':
        return this.#options.draftCopied(frame);
      case 'ping':
        return this.#send({ frame: 'pong', t0: frame.t0, t1: now(), head: recorder.head().seq });
      case 'applied':
      case 'pong':
        return;
      default:
        this.end(4400, 'hello twice');
    }
  }

  #welcome(hello: Extract<DeskUp, { frame: 'hello' }>): void {
    const { recorder, accounts, now } = this.#options;
    const key = accounts.deskKey(hello.desk);
    const signed = Buffer.from(`${this.#nonce}.${hello.desk}`, 'utf8');
    const isDesk =
      key !== undefined && verify(null, signed, key, Buffer.from(hello.signature, 'base64'));
    if (!isDesk) {
      this.#audit('security', 'hello', 'refused', hello.desk);
      return this.end(4401, 'not an enrolled desk');
    }
    const { version } = history.at(-1) ?? { version: 1 };
    if (hello.protocol.min > version || hello.protocol.max < version)
      return this.end(4406, 'another protocol');
    const isSameLog =
      hello.cursor === 0 ||
      (hello.logId === recorder.logId && recorder.hashAt(hello.cursor) === hello.chainHash);
    this.#desk = hello.desk;
    this.#sent = isSameLog ? hello.cursor : 0;
    this.#watch.isKnown(hello.desk);
    this.#send({
      frame: 'welcome',
      protocol: version,
      logId: recorder.logId,
      epoch: recorder.epoch,
      head: recorder.head().seq,
      mode: isSameLog ? 'delta' : 'reset',
      limits: { windowMax: limits.windowMax, frameMaxBytes: limits.frameMaxBytes },
      peers: [],
      serverNow: now(),
    });
    this.more();
  }

  #record(stamped: StampedCommand, desk: DeskId): void {
    const { recorder, accounts } = this.#options;
    const { command, occurredAt, enteredAt, actor, grant, reference } = stamped;
    const parsed = parseAsked(command);
    if (parsed.outcome === 'malformed' || stamped.desk !== desk) {
      this.#audit('security', command.type, 'malformed');
      return this.#send({
        frame: 'ack',
        commandId: command.id,
        answer: { state: 'refused', refusal: { reason: 'malformed' } },
      });
    }
    const claim = { type: command.type, actor, desk, occurredAt };
    this.#settle(
      command.id,
      recorder.record({
        commandId: command.id,
        asked: parsed.asked,
        expect: command.expect,
        occurredAt,
        enteredAt,
        actor,
        desk,
        reference,
        outbox: { id: stamped.outboxId, deskSeq: stamped.deskSeq },
        forbidden: forbids(claim, accounts.grant(grant)),
      }),
    );
  }

  /** Answers once the commit is durable; where it failed the desk is told and keeps the command. */
  #settle(commandId: CommandId | undefined, recording: ReturnType<Recorder['record']>): void {
    recording.then(
      (answer) => commandId !== undefined && this.#send({ frame: 'ack', commandId, answer }),
      (error: unknown) => {
        this.#options.failed(error);
        this.#send({
          frame: 'refused',
          reason: 'not-stored',
          message: 'The server could not store this; the desk keeps it and tries again.',
          ...(commandId !== undefined && { id: commandId }),
        });
      },
    );
  }

  #mayPass(): boolean {
    const now = this.#options.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filledAt) / 1_000) * PER_SECOND);
    this.#filledAt = now;
    if (this.#tokens < 1) {
      this.#send({ frame: 'refused', reason: 'too-many', message: 'Too many frames; slow down.' });
      return false;
    }
    this.#tokens -= 1;
    return true;
  }

  #audit(operation: AuditRow['operation'], what: string, outcome: string, desk?: string): void {
    const { recorder, now, failed } = this.#options;
    const at = now();
    const seat = desk ?? this.#desk ?? 'unknown';
    recorder
      .audit([{ at, actor: 'desk', desk: seat, operation, what, subject: randomUUID(), outcome }])
      .catch(failed);
  }

  #send(frame: DeskDown): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}

function read(text: string): DeskUp | undefined {
  try {
    const parsed = deskUp.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // the caller says so to the desk and to the audit
  }
}

/** An event as a desk may have it: administrative and restricted bodies stay with the server. */
function wiredOf({ header, kept }: StoredEvent): WireEvent {
  return {
    header: { ...header, desk: header.desk as DeskId }, // every header's desk was parsed as one
    ...(kept &&
      header.class === 'operational' && {
        kept: { salt: Buffer.from(kept.salt).toString('base64'), text: kept.text },
      }),
  };
}
