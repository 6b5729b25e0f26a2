import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { GivenUp, Secrets } from './read-secret.ts';

function terminal() {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => raw.push(isRaw),
  });
  const output = new PassThrough();
  const shown = () => String(output.read() ?? '');
  return { input, raw, shown, secrets: new Secrets({ input, output }) };
}

test('what is typed at a terminal is not shown, and the echo is back afterwards', async () => {
  const { input, raw, shown, secrets } = terminal();
  const read = secrets.next('Password');
  input.write('sécrxx\u007f\u007fet\r');
  expect(await read).toBe('sécret');
  expect(shown()).toBe('Password: \n');
  expect(raw).toEqual([true, false]);
});

test('Ctrl-C gives up, and the echo is back afterwards', async () => {
  const { input, raw, secrets } = terminal();
  const read = secrets.next('Password');
  input.write('half\u0003');
  await expect(read).rejects.toThrow(GivenUp);
  expect(raw).toEqual([true, false]);
});

test('lines that are piped in are read one after another, to the last one without an end', async () => {
  const input = new PassThrough();
  const secrets = new Secrets({ input, output: new PassThrough() });
  input.end('first\r\nsecond');
  const read = [await secrets.next('a'), await secrets.next('b'), await secrets.next('c')];
  expect(read).toEqual(['first', 'second', undefined]);
});

test('of a line without an end no more than a thousand characters are kept', async () => {
  const input = new PassThrough();
  const secrets = new Secrets({ input, output: new PassThrough() });
  input.end('x'.repeat(5_000));
  expect((await secrets.next('a'))?.length).toBe(1_024);
});
