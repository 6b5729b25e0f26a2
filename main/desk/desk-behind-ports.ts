import { setTimeout as delay } from 'node:timers/promises';
import { deskNews, isShellNews, tellDesk, type DeskNews, type ShellNews } from './desk-news.ts';
import { PortChannel, type PortEnd } from './port-channel.ts';
import { windowId, type WindowId, type WindowRole } from './shell.ts';
import { openDesk, type OpenDesk, type StartDesk } from './start-desk.ts';

/**
 * A desk in a utility process of Electron: its windows' lines are ports that its shell hands it, and no
 * port of the network is opened. Keys are in `start`, so it never travels by arguments or environment.
 */
export type ToDeskBehindPorts =
  | { readonly type: 'start'; readonly options: StartDesk }
  /** Comes with one port. `line` counts the lines of all windows, so that the end of an old one is known. */
  | {
      readonly type: 'join';
      readonly role: WindowRole;
      readonly window: string;
      readonly line: number;
    }
  | ShellNews
  | { readonly type: 'stop' };
export type FromDeskBehindPorts =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  /** The line has ended, by either end: a window that is still there needs another. */
  | { readonly type: 'left'; readonly line: number }
  | DeskNews;

/** The line to the shell, as Electron's `process.parentPort` has it. */
export interface ShellPort {
  on(
    event: 'message',
    listener: (event: {
      readonly data: ToDeskBehindPorts;
      readonly ports: readonly PortEnd[];
    }) => void,
  ): unknown;
  postMessage(message: FromDeskBehindPorts): void;
}

const MUST_RESTART = 70;

/** Runs a desk for the shell behind `port`. `exit` ends this process; the shell starts another one. */
export function serveDeskBehindPorts(port: ShellPort, exit: (code: number) => void): void {
  const lines = new Set<PortChannel>();
  let desk: OpenDesk | undefined;

  const start = (options: StartDesk) => {
    try {
      desk = openDesk(options, {
        mustRestart: () => exit(MUST_RESTART),
        ...deskNews((news) => port.postMessage(news)),
      });
      port.postMessage({ type: 'ready' });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ type: 'failed', message });
      exit(1);
    }
  };

  const join = (at: OpenDesk, role: WindowRole, id: WindowId, line: number, end: PortEnd) => {
    const channel = new PortChannel(end, {
      after: (ms, work, signal) => void delay(ms, undefined, { signal }).then(work, () => {}), // drained, or gone
      failed: at.failed,
      refused: (reason) => at.turnedAway(reason, 1),
    });
    lines.add(channel);
    channel.onClosed(() => {
      lines.delete(channel);
      port.postMessage({ type: 'left', line });
    });
    at.windowJoined(role, id, channel);
  };

  const stop = async () => {
    for (const line of lines) line.close();
    await desk?.close();
    exit(0);
  };

  port.on('message', ({ data, ports: [end] }) => {
    if (data.type === 'start') start(data.options);
    else if (data.type === 'stop') void stop();
    else if (isShellNews(data)) {
      if (desk) tellDesk(desk, data);
    } else if (desk && end) join(desk, data.role, windowId(data.role, data.window), data.line, end);
    else end?.close(); // it is not open yet: the shell hears `left` of nobody, and joins all at `ready`
  });
}
