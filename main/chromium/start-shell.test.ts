import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { findChromium } from './start-shell.ts';

test('the browser that is named wins, then the first that can be started, then none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-browsers-'));
  try {
    writeFileSync(join(folder, 'chromium'), '');
    writeFileSync(join(folder, 'google-chrome'), '');
    chmodSync(join(folder, 'google-chrome'), 0o755);
    const path = ['', folder].join(delimiter);
    expect(findChromium({ PATH: path, CHROMIUM: 'mine' })).toBe('mine');
    expect(findChromium({ PATH: path })).toBe(join(folder, 'google-chrome'));
    expect(findChromium({})).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
