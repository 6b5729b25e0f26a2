import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Done, Order, Orders } from './orders.ts';

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of load clients, from outside: it does what it is ordered to and tells what came of it. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiter>();
  #lastId = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'load-child.ts'), { stdio: 'inherit' });
    this.#child.on('message', (done: Done) => {
      const waiter = this.#waiting.get(done.id);
      this.#waiting.delete(done.id);
      if ('failed' in done) waiter?.reject(new Error(`load process: ${done.failed}`));
      else waiter?.resolve(done.result);
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the load process ended (${code})`));
    });
  }

  order<Name extends keyof Orders>(
    name: Name,
    ...argument: Parameters<Orders[Name]>
  ): Promise<Awaited<ReturnType<Orders[Name]>>> {
    this.#lastId += 1;
    const order: Order = { id: this.#lastId, name, argument: argument[0] };
    return new Promise((resolve, reject) => {
      this.#waiting.set(order.id, {
        resolve: (result) => resolve(result as Awaited<ReturnType<Orders[Name]>>), // as `Orders` says
        reject,
      });
      this.#child.send(order);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}
