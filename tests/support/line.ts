import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocket, WebSocketServer } from 'ws';
import { deskDown, type DeskDown } from '#protocol/down.ts';
import { subprotocol } from '#protocol/version.ts';

/**
 * The network between a desk and its server: it can hold back what the server sends, or change it on
 * the way. What the desk sends goes through.
 */
export class Line implements AsyncDisposable {
  /** What the desk takes for its server. */
  readonly url: string;
  /** What becomes of a frame of the server; undefined holds it back until `letGo`. */
  pass: (frame: DeskDown) => DeskDown | undefined = (frame) => frame;
  readonly #http: Server;
  readonly #held = new Map<WebSocket, DeskDown[]>();

  private constructor(http: Server, server: () => string) {
    this.#http = http;
    this.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`; // it listens on TCP
    new WebSocketServer({ server: http, path: '/sync' }).on('connection', (desk) => {
      const upstream = new WebSocket(`${server().replace('http', 'ws')}/sync`, subprotocol);
      const unsent: string[] = [];
      desk.on('message', (data) => {
        const frame = (data as Buffer).toString('utf8'); // ws gives a Buffer
        if (upstream.readyState === WebSocket.OPEN) upstream.send(frame);
        else unsent.push(frame);
      });
      upstream.on('open', () => {
        for (const frame of unsent) upstream.send(frame);
      });
      this.#held.set(desk, []);
      upstream.on('message', (data) => {
        const frame = deskDown.parse(JSON.parse((data as Buffer).toString('utf8')));
        const passed = this.pass(frame);
        if (passed) desk.send(JSON.stringify(passed));
        else this.#held.get(desk)?.push(frame);
      });
      upstream.on('error', () => {}); // followed by `close`
      upstream.on('close', (code) => (code >= 4_000 ? desk.close(code) : desk.terminate()));
      desk.on('close', () => {
        this.#held.delete(desk);
        upstream.terminate();
      });
    });
  }

  /** A line to a server, which may come and go and be another one. */
  static async to(server: () => string): Promise<Line> {
    const http = createServer((request, response) => {
      const pass = async () => {
        const answer = await fetch(`${server()}${request.url}`, {
          method: request.method ?? 'GET',
          headers: { 'content-type': 'application/json' },
          ...(request.method === 'POST' && { body: await text(request) }),
        });
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(await answer.text());
      };
      pass().catch(() => response.destroy()); // as a server that is away
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new Line(http, server);
  }

  get heldFrames(): number {
    return [...this.#held.values()].flat().length;
  }

  /** Everything goes through from now on, what was held back first. */
  letGo(): void {
    this.pass = (frame) => frame;
    for (const [desk, frames] of this.#held)
      for (const frame of frames.splice(0)) desk.send(JSON.stringify(frame));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const desk of this.#held.keys()) desk.terminate();
    this.#http.close();
    this.#http.closeAllConnections();
    if (this.#http.listening) await once(this.#http, 'close');
  }
}
