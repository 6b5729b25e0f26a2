import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** `bare-ws.ts` in a process of its own, and where it listens. */
export class BareServer implements Disposable {
  readonly url: string;
  readonly #child: ReturnType<typeof fork>;

  private constructor(url: string, child: ReturnType<typeof fork>) {
    this.url = url;
    this.#child = child;
  }

  /** In a `folder` it syncs a page for each message before anybody has it, as often as a store must. */
  static async start(folder?: string): Promise<BareServer> {
    const args = folder === undefined ? [] : [folder];
    const child = fork(join(import.meta.dirname, 'bare-ws.ts'), args, { stdio: 'inherit' });
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    return new BareServer(url, child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}
