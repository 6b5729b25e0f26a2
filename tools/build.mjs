// Builds the windows into dist/renderer, when they changed since the last build:
//   node tools/with-node.mjs tools/build.mjs [--electron]
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** What Electron brings, and what is loaded as it is: it holds a binary. */
const notBundled = [/^electron(\/|$)/, 'better-sqlite3', 'better-sqlite3-multiple-ciphers'];

/**
 * Builds the programs of the Electron shell into dist/electron: its own, the desk's utility process, and
 * the preload, which has to be one CommonJS file in a sandbox. Answers the folder they are in.
 */
export async function buildElectron(outDir = join(root, 'dist/electron')) {
  const { build } = await import('vite');
  const of = (/** @type {Record<string, string>} */ input, /** @type {'es' | 'cjs'} */ format) =>
    build({
      root,
      configFile: false,
      logLevel: 'warn',
      ssr: { noExternal: true },
      build: {
        ssr: true,
        outDir,
        emptyOutDir: false,
        target: 'esnext', // Electron brings the Node and the Chromium
        rolldownOptions: {
          input,
          external: notBundled,
          output: { format, entryFileNames: format === 'cjs' ? '[name].cjs' : '[name].js' },
        },
      },
    });
  rmSync(outDir, { recursive: true, force: true });
  await of(
    {
      main: join(root, 'main/electron/main.ts'),
      'desk-utility': join(root, 'main/electron/desk-utility.ts'),
    },
    'es',
  );
  await of({ preload: join(root, 'preload/preload.ts') }, 'cjs');
  // The desk finds it beside its own folder, as it does in the sources.
  cpSync(join(root, 'reference-data'), join(outDir, '../reference-data'), { recursive: true });
  return outDir;
}

// The programs of the Electron shell are built where they are asked for: most machines have no Electron.
if (isMain(import.meta.filename)) {
  await runMain(async () => {
    await buildRenderer();
    if (process.argv.includes('--electron')) await buildElectron();
    return 0;
  });
}
