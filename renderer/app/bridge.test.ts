import { expect, test, vi } from 'vitest';
import { connect, type Channel } from './bridge.ts';

const ORIGIN = 'app://console';
const WITHIN = { timeout: 10_000 };

/** A page as far as the bridge looks at one, and the shell and the desk beside it. */
function openPage() {
  const posted: unknown[] = [];
  const page = Object.assign(new EventTarget(), {
    location: { origin: ORIGIN, host: 'console', hash: '', pathname: '/dispatch', search: '' },
    document: { readyState: 'loading' },
    history: { replaceState: () => {} },
    sessionStorage: { getItem: () => null, setItem: () => {}, removeItem: () => {} },
    postMessage: (message: unknown) => void posted.push(message),
  });
  const heard: string[] = [];
  const channels: Channel[] = [];
  const living = new AbortController();
  void connect(
    page as unknown as Window,
    {
      joined: (channel) => {
        channels.push(channel);
        channel.onFrame((frame) => heard.push(frame));
      },
      lost: (why) => heard.push(`lost: ${why}`),
    },
    living.signal,
  );
  /** Posts a port, as the preload does, and holds the desk's end of it. */
  const handOver = (source: unknown = page, origin = ORIGIN) => {
    const { port1, port2 } = new MessageChannel();
    const desk: unknown[] = [];
    let isClosed = false;
    port1.addEventListener('message', ({ data }) => desk.push(data));
    port1.addEventListener('close', () => (isClosed = true));
    port1.start();
    const event = { source, origin, data: { type: 'holdfast:port' }, ports: [port2] };
    page.dispatchEvent(Object.assign(new Event('message'), event));
    return { port: port1, desk, closed: () => isClosed };
  };
  // A port has one other end; the rule is about windows.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  const deskSays = ({ port }: { port: MessagePort }, text: string) => port.postMessage(text);
  const joined = (times: number) => vi.waitUntil(() => channels.length === times, WITHIN);
  return { handOver, deskSays, joined, heard, channels, end: () => living.abort() };
}

test('a window takes its line from its own shell only, and tells the desk how much it has taken', async () => {
  const { handOver, deskSays, joined, heard, channels, end } = openPage();
  const strangers = [handOver({}), handOver(undefined), handOver(undefined, 'https://example.org')];
  const line = handOver();
  await joined(1);
  channels[0]?.send('up');
  deskSays(line, 'twelve chars');
  await vi.waitUntil(() => line.desk.length === 2, WITHIN);
  expect([line.desk, heard]).toEqual([['up', 12], ['twelve chars']]);
  expect(strangers.flatMap(({ desk }) => desk)).toEqual([]);
  for (const { port } of strangers) port.close();
  end();
  await vi.waitUntil(() => line.closed(), WITHIN);
});

test('a port that comes while another is open takes its place: the shell knows that the old one is dead', async () => {
  const { handOver, deskSays, joined, heard, channels, end } = openPage();
  const old = handOver();
  await joined(1);
  const fresh = handOver();
  await joined(2);
  await vi.waitUntil(() => old.closed(), WITHIN);
  deskSays(fresh, 'from the desk');
  await vi.waitUntil(() => heard.includes('from the desk'), WITHIN);
  channels[1]?.send('to the desk');
  await vi.waitUntil(() => fresh.desk.includes('to the desk'), WITHIN);
  expect(heard).toEqual(['lost: dropped', 'from the desk']);
  end();
});

test('a port that was never opened is closed when another comes, so that the desk hears of it', async () => {
  const { handOver, joined, end } = openPage();
  const [first, second] = [handOver(), handOver()];
  await joined(1);
  await vi.waitUntil(() => first.closed(), WITHIN);
  expect(second.closed()).toBe(false);
  end();
});

test('a desk that ends closes the port, and the window takes the next one', async () => {
  const { handOver, joined, heard, end } = openPage();
  const first = handOver();
  await joined(1);
  first.port.close();
  await vi.waitUntil(() => heard.includes('lost: dropped'), WITHIN);
  handOver();
  await joined(2);
  expect(heard).toEqual(['lost: dropped']);
  end();
});
