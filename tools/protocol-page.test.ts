import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { protocolPage } from './protocol-page.ts';
import { root } from './setup.mjs';

test('docs/PROTOCOL.md says what the schemas say', async () => {
  expect(readFileSync(join(root, 'docs/PROTOCOL.md'), 'utf8')).toBe(await protocolPage());
});
