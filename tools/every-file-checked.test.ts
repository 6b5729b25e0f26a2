import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { root } from './setup.mjs';

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const ignored = /^(node_modules|\.cache|dist)\//;

/** The files a project itself takes in, without those it only refers to. */
function filesOf(project: string): readonly string[] {
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project, '--listFilesOnly'], {
    cwd: root,
    encoding: 'utf8',
  });
  return stdout.split('\n').map((file) => relative(root, file.trim()).replaceAll('\\', '/'));
}

// A file that no project takes in is never type-checked, and nothing else says so.
test('every source file belongs to a project that "tsc -b" checks', () => {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    references: readonly { readonly path: string }[];
  };
  const checked = new Set(references.flatMap(({ path }) => filesOf(path)));
  const sources = globSync('**/*.{ts,tsx,mts,mjs}', {
    cwd: root,
    exclude: (name) => /^(node_modules|\.cache)$/.test(name),
  })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !ignored.test(file));
  expect(sources.filter((file) => !checked.has(file))).toEqual([]);
});
