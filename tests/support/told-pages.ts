import type { Page } from 'playwright-core';
import type { Ack } from '#protocol/ack.ts';
import { windowDown } from '#protocol/down.ts';

/** What desks told the windows of a browser of their commands, heard on the windows' own lines. */
export class ToldPages {
  readonly #told = new Map<string, Ack['answer'][]>();

  /** By command, in the order in which it was told. */
  get told(): ReadonlyMap<string, readonly Ack['answer'][]> {
    return this.#told;
  }

  /** Listens to all lines of a page from now on, also to those of the page that takes its place after a crash. */
  async listen(page: Page): Promise<void> {
    const line = await page.context().newCDPSession(page);
    await line.send('Network.enable');
    line.on('Network.webSocketFrameReceived', ({ response }) => this.#hear(response.payloadData));
  }

  #hear(text: string): void {
    const frame = windowDown.parse(JSON.parse(text));
    if (frame.frame !== 'ack') return;
    const { commandId, answer } = frame;
    this.#told.set(commandId, [...(this.#told.get(commandId) ?? []), answer]);
  }
}
