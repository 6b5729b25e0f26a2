import { join } from 'node:path';
import process from 'node:process';
import { deskNews, isShellNews, tellDesk, type DeskNews, type ShellNews } from './desk-news.ts';
import { windowId, type Admission, type WindowRole } from './shell.ts';
import { loadAssets } from '#store/load-assets.ts';
import { startDesk, type RunningDesk, type StartDesk } from './start-desk.ts';

/**
 * A desk in a process of its own, started by its shell: what it is to be comes over the line between
 * the two processes, never by arguments or the environment, since keys are among it. The shell's
 * windows outlive it, and a desk that was killed is started again on the same port.
 */
export type ToDesk =
  | { readonly type: 'start'; readonly options: StartDesk }
  | ShellNews
  | { readonly type: 'address'; readonly id: number; readonly role: WindowRole }
  | {
      readonly type: 'admit';
      readonly id: number;
      readonly role: WindowRole;
      readonly window: string;
    }
  /** Of a demo that plays a story. Nobody answers. */
  | { readonly type: 'caption'; readonly words: string };
export type FromDesk =
  | { readonly type: 'ready'; readonly origin: string; readonly port: number }
  | { readonly type: 'admitted'; readonly id: number; readonly admission: Admission }
  | { readonly type: 'addressed'; readonly id: number; readonly address: string }
  | DeskNews
  | { readonly type: 'failed'; readonly message: string };

const RENDERER = join(import.meta.dirname, '../../dist/renderer');

const say = (message: FromDesk) => process.send?.(message);
let desk: RunningDesk | undefined;

process.on('message', (message: ToDesk) => {
  if (message.type === 'start') void start(message.options);
  else if (isShellNews(message)) {
    if (desk) tellDesk(desk, message);
  } else if (desk && message.type === 'address') {
    const address = desk.address(message.role);
    say({ type: 'addressed', id: message.id, address });
  } else if (desk && message.type === 'admit') {
    const admission = desk.admit(message.role, windowId(message.role, message.window));
    say({ type: 'admitted', id: message.id, admission });
  } else if (desk && message.type === 'caption') desk.caption(message.words);
});

async function start(options: StartDesk) {
  try {
    // Its shell starts it again at once, and its windows find it.
    desk = await startDesk(options, loadAssets(RENDERER), {
      mustRestart: () => process.exit(70),
      ...deskNews(say),
    });
    say({ type: 'ready', origin: desk.origin, port: desk.port });
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

async function stop() {
  await desk?.close();
  process.exit(0);
}
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
// The shell has gone: a desk without windows has nothing to do.
process.on('disconnect', () => void stop());
