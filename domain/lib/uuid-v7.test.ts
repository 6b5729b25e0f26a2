import { expect, test } from 'vitest';
import { commandId } from '#domain/ids.ts';
import { uuidV7 } from './uuid-v7.ts';

test('an id that a window makes is one that a desk takes, and carries its time', () => {
  const id = uuidV7(0x0199_1234_5678, new Uint8Array(16).fill(255));
  expect(id).toBe('01991234-5678-7fff-bfff-ffffffffffff');
  expect(commandId.safeParse(id).success).toBe(true);
});
