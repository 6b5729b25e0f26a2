import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { beginReplica, dropUnfinished, finishReplica, replicaName } from './replica-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-replicas-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string) => writeFileSync(join(folder, name), '');

test('a copy that is being made is not what the next process opens, until it is finished', () => {
  put('replica-1.db');
  const next = beginReplica(folder);
  put(next);
  put(`${next}-wal`);
  expect([next, replicaName(folder)]).toEqual(['replica-2.db', 'replica-1.db']);
  finishReplica(folder);
  expect(replicaName(folder)).toBe('replica-2.db');
  dropUnfinished(folder);
  expect(readdirSync(folder).toSorted()).toEqual([
    'replica-1.db',
    'replica-2.db',
    'replica-2.db-wal',
  ]);
});

test('what a process that died did not finish is begun anew', () => {
  put('replica-1.db');
  put(beginReplica(folder));
  put(beginReplica(folder));
  dropUnfinished(folder);
  expect(readdirSync(folder)).toEqual(['replica-1.db']);
  expect(beginReplica(folder)).toBe('replica-2.db');
});

test('a mark whose copy was not made yet does not keep the next one from being made', () => {
  put('replica-1.db');
  beginReplica(folder);
  dropUnfinished(folder);
  put(beginReplica(folder));
  finishReplica(folder);
  expect(replicaName(folder)).toBe('replica-2.db');
});
