import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { digestSources, isBuilt } from './build.mjs';

function treeOf(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'build-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  return { folder, write, remove: (path: string) => rmSync(join(folder, path)) };
}

const sources = { 'renderer/main.tsx': 'a', 'domain/incident.ts': 'b', 'package-lock.json': '{}' };

test('the windows are built again when a source, its name or the lockfile changes, and for nothing else', () => {
  const { folder, write, remove } = treeOf(sources);
  const first = digestSources(folder);
  write('server/main.ts', 'x');
  write('renderer/main.test.tsx', 'x');
  write('renderer/main.tsx', 'a');
  expect(digestSources(folder)).toBe(first);

  const digests = [first];
  write('package-lock.json', '{"a":1}');
  digests.push(digestSources(folder));
  write('domain/incident.ts', 'c');
  digests.push(digestSources(folder));
  write('reference-data/grades.json', '[]');
  digests.push(digestSources(folder));
  remove('renderer/main.tsx');
  digests.push(digestSources(folder));
  write('renderer/app.tsx', 'a');
  digests.push(digestSources(folder));
  expect(new Set(digests).size).toBe(digests.length);
});

test('a build counts only with its output and the stamp of these very sources', () => {
  const { folder, write, remove } = treeOf(sources);
  expect(isBuilt(folder, 'abc')).toBe(false);
  write('dist/renderer.stamp', 'abc');
  expect(isBuilt(folder, 'abc')).toBe(false);
  write('dist/renderer/windows/dispatch/index.html', '');
  expect(isBuilt(folder, 'abc')).toBe(true);
  expect(isBuilt(folder, 'abd')).toBe(false);
  remove('dist/renderer.stamp');
  expect(isBuilt(folder, 'abc')).toBe(false);
});
