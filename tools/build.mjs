// Builds the windows into dist/renderer, when they changed since the last build:
//   node tools/with-node.mjs tools/build.mjs
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isMain, root, runMain } from './setup.mjs';

const sourceFolders = ['renderer', 'domain', 'protocol', 'reference-data'];
const sourceFiles = ['package.json', 'package-lock.json', 'vite.config.ts'];
const isTest = /\.(test|suite|bench)\.tsx?$/;

/**
 * The content of everything a build is made of, as one hash. Tests are left out: they are not built in.
 * @param {string} folder
 */
export function digestSources(folder) {
  const files = sourceFolders
    .map((name) => join(folder, name))
    .filter((name) => existsSync(name))
    .flatMap((name) => readdirSync(name, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !isTest.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .concat(sourceFiles.filter((name) => existsSync(join(folder, name))))
    .toSorted();
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(join(folder, file));
    hash.update(`${file.replaceAll('\\', '/')}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** The stamp stands beside the output, so that it is never served. */
const outputOf = (/** @type {string} */ folder) => join(folder, 'dist/renderer');
const stampOf = (/** @type {string} */ folder) => join(folder, 'dist/renderer.stamp');

/**
 * Whether what is built was built from these sources.
 * @param {string} folder
 * @param {string} digest
 */
export const isBuilt = (folder, digest) =>
  existsSync(join(outputOf(folder), 'windows')) &&
  existsSync(stampOf(folder)) &&
  readFileSync(stampOf(folder), 'utf8') === digest;

/** Builds the windows unless what is built is current, and answers the folder they are in. */
export async function buildRenderer() {
  const digest = digestSources(root);
  if (isBuilt(root, digest)) return outputOf(root);
  const startedAt = performance.now();
  process.stderr.write('build: building the windows\n');
  // An interrupted build counts as none: the stamp goes first and comes back last.
  rmSync(stampOf(root), { force: true });
  const { build } = await import('vite');
  await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(stampOf(root), digest);
  process.stderr.write(`build: done in ${Math.round(performance.now() - startedAt)} ms\n`);
  return outputOf(root);
}

if (isMain(import.meta.filename)) {
  await runMain(async () => {
    await buildRenderer();
    return 0;
  });
}
