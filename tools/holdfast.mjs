#!/usr/bin/env node
// The `holdfast` command on whatever Node the machine has: Node 20 starts Node 24, which runs the TypeScript.
import { join } from 'node:path';
import process from 'node:process';
import { root, runMain, setUp } from './setup.mjs';
import { productFlags, runScript } from './with-node.mjs';

await runMain(async () => {
  await setUp();
  const nodeFlags = productFlags;
  return runScript(join(root, 'cli/holdfast.ts'), process.argv.slice(2), { nodeFlags });
});
