import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { BadLine } from './bad-line.ts';

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';

/** One end of a connection: what has come to it so far, and what is awaited of it. */
class End {
  readonly socket: Socket;
  heard = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {}); // followed by `close`
    socket.on('data', (data) => (this.heard += String(data)));
  }

  async hears(text: string): Promise<void> {
    while (!this.heard.endsWith(text)) await once(this.socket, 'data');
  }

  async hasEnded(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close');
  }
}

/** A server that says nothing by itself, behind a bad line, and connections to it that carry frames. */
async function behindBadLine() {
  await using made = new AsyncDisposableStack();
  const server = createServer().listen(0, '127.0.0.1');
  made.defer(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const line = made.use(await BadLine.to(`http://127.0.0.1:${port}`));
  const taken = made.move();
  const open = async () => {
    const socket = connect(Number(new URL(line.url).port), '127.0.0.1');
    const desk = new End(socket);
    taken.defer(() => void socket.destroy());
    const [accepted] = (await once(server, 'connection')) as [Socket];
    const far = new End(accepted);
    taken.defer(() => void accepted.destroy());
    socket.write('GET /sync HTTP/1.1\r\n\r\n');
    await far.hears('\r\n\r\n');
    accepted.write(SWITCHED);
    await desk.hears(SWITCHED);
    return { desk, far };
  };
  return { line, open, [Symbol.asyncDispose]: () => taken.disposeAsync() };
}

test('a cut falls upon the connection that lives, whatever comes late to one that has ended', async () => {
  await using behind = await behindBadLine();
  const { line, open } = behind;
  const old = await open();
  line.break('late');
  old.far.socket.write('late, and of a connection that is no more');
  await line.bitten;
  line.break('dropped');
  await old.desk.hasEnded();
  line.heal();

  const { desk, far } = await open();
  line.break('late');
  far.socket.write('01234567');
  await line.bitten;
  line.break('cut'); // what is late to the old one comes before what is late to this one
  const { isOfFrames } = await line.bitten;
  await desk.hasEnded();
  expect([isOfFrames, desk.heard]).toEqual([true, `${SWITCHED}0123`]);
});

test('what is lost one way stays lost after the line has healed, and the other way goes on', async () => {
  await using behind = await behindBadLine();
  const { line, open } = behind;
  for (const fault of ['up-lost', 'down-lost'] as const) {
    const { desk, far } = await open();
    const [lost, sound] = fault === 'up-lost' ? [desk, far] : [far, desk];
    const before = sound.heard;
    line.break(fault);
    lost.socket.write('lost');
    expect(await line.bitten).toMatchObject({ isOfFrames: true });
    line.heal();
    lost.socket.write('lost as well');
    sound.socket.write('heard');
    await lost.hears('heard');
    expect(sound.heard).toBe(before);
    // Whoever is not heard is not heard to go either; the other way it is.
    sound.socket.end();
    await lost.hasEnded();
  }
});

test('of a half-open connection neither end hears anything, not even that the other has gone', async () => {
  await using behind = await behindBadLine();
  const { line, open } = behind;
  const dead = await open();
  line.break('half-open');
  dead.desk.socket.write('lost');
  await line.bitten;
  line.heal();
  dead.desk.socket.destroy();
  const { desk, far } = await open(); // by now the other end would have been told
  far.socket.write('heard');
  await desk.hears('heard');
  expect(dead.far.socket.closed).toBe(false);
  expect(dead.far.heard.endsWith('lost')).toBe(false);
});
