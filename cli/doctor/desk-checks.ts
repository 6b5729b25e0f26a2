import { createPrivateKey, sign } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod';
import { findChromium } from '#chromium/start-shell.ts';
import { outboxMigrations } from '#desk/outbox.ts';
import { peekStore, schemaOf } from '#store/open-store.ts';
import { needed } from '../config/read-settings.ts';
import type { Settings } from '../config/settings.ts';
import { openIdentity, type Identity } from '../identity.ts';
import { fault, fine, looked, warning, wordsOf, type Finding } from './finding.ts';
import { checkDurable, checkFolder, checkRoom } from './machine-checks.ts';
import { isHeld } from './server-checks.ts';

const ANSWER_WITHIN_MS = 5_000;
const RENDERER = join(import.meta.dirname, '../../dist/renderer');

/** All that can be said of a desk's installation, beside one that runs and without it. */
export async function checkDesk(settings: Settings<'desk'>): Promise<readonly Finding[]> {
  const dataDir = needed('doctor desk', 'data', settings.data);
  const server = needed('doctor desk', 'server', settings.server);
  const name = needed('doctor desk', 'name', settings.name);
  const limits = { warnPercent: settings.diskWarnPercent, fullPercent: settings.diskFullPercent };
  const findings: Finding[] = [];
  const add = async (...given: Parameters<typeof looked>) => {
    findings.push(...(await looked(...given)));
  };
  const isThere = existsSync(dataDir);
  await add('folder', 'see to the folder of --data', () => checkFolder('folder', dataDir));
  if (isThere) {
    await add('disk', 'see to its disk', () => checkDurable('disk', dataDir));
    await add('room', 'see to its disk', () => checkRoom('room', dataDir, limits));
  }
  await add('second copy', 'see to its folder', () => checkSecondCopy(settings, isThere));
  findings.push(...checkWindows(settings));
  await add('server', 'see that the server runs, and the network between', () =>
    checkAnswer(server, settings.clockWarnMs),
  );
  if (!isThere || !existsSync(join(dataDir, 'identity.sealed'))) {
    const todo = 'start it once with the code of: holdfast admin desk-code';
    return [...findings, fault('enrolment', 'this desk has never been enrolled', todo)];
  }
  if (!existsSync(join(dataDir, 'keystore'))) {
    // Opening it would make a new key, which opens nothing that is here.
    const todo = 'put the file back; without it a new folder and a new code are needed';
    return [...findings, fault('identity', `${dataDir} has lost its file "keystore"`, todo)];
  }
  let identity: Identity | undefined;
  await add(
    'identity',
    'see that this account may read the folder, and that the name is right',
    async () => {
      ({ identity } = await openIdentity(dataDir, name));
      return fine('identity', `the folder is that of desk ${name}, and its key can be read`);
    },
  );
  const known = identity;
  if (known) {
    await add('enrolment', 'see that the server runs', () => checkEnrolment(server, name, known));
    await add('outbox', 'start the desk: it makes again what is damaged, and says so', () =>
      checkOutbox(dataDir, known),
    );
  }
  return findings;
}

function checkSecondCopy({ data = '', secondCopy }: Settings<'desk'>, isThere: boolean): Finding {
  const check = 'second copy';
  const todo = 'set "secondCopy" to a folder on another disk, if this machine has one';
  if (secondCopy === undefined)
    return warning(check, 'the copy of the outbox stands on the same disk as the outbox', todo);
  if (!existsSync(secondCopy))
    return warning(check, `${secondCopy} is not there yet`, 'see that this account may make it');
  return isThere && statSync(secondCopy).dev === statSync(data).dev
    ? warning(check, `${secondCopy} is on the same disk as the outbox`, todo)
    : fine(check, `${secondCopy} is on another disk`);
}

function checkWindows({ headless }: Settings<'desk'>): readonly Finding[] {
  const built = existsSync(join(RENDERER, 'index.html'))
    ? fine('windows', 'they are built')
    : fault('windows', 'they are not built', 'in the folder of Holdfast: npm run build');
  if (headless) return [built, fine('chromium', 'not needed: this desk opens no window')];
  const chromium = findChromium();
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  const hasScreen = process.platform === 'win32' || (DISPLAY ?? WAYLAND_DISPLAY) !== undefined;
  return [
    built,
    chromium === undefined
      ? fault('chromium', 'there is no Chromium', 'install it, or name it in CHROMIUM')
      : fine('chromium', chromium),
    hasScreen
      ? fine('screen', 'there is one to open windows on')
      : warning('screen', 'this session has none', 'start the desk in the session of the screen'),
  ];
}

const health = z.looseObject({ state: z.string(), at: z.number() });

/** Whether the server answers, and how far this clock is from its own. */
async function checkAnswer(server: string, clockWarnMs: number): Promise<readonly Finding[]> {
  const [asked, askedAt] = [performance.now(), Date.now()];
  let answer: unknown;
  try {
    const response = await fetch(`${server}/healthz`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    answer = await response.json();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const todo = 'see that it runs, its name and port, its certificate, and the network between';
    return [fault('server', `${server} does not answer: ${wordsOf(cause)}`, todo)];
  }
  const tookMs = performance.now() - asked;
  const parsed = health.safeParse(answer);
  if (!parsed.success)
    return [
      fault('server', `what answers at ${server} is no Holdfast server`, 'set "server" right'),
    ];
  const offsetMs = Math.round(parsed.data.at - (askedAt + tookMs / 2));
  const seconds = (Math.abs(offsetMs) / 1_000).toFixed(1);
  return [
    fine('server', `${server} answers within ${Math.ceil(tookMs)} ms`),
    // Half of the way there and back may all be one way.
    Math.abs(offsetMs) > clockWarnMs + tookMs / 2
      ? fault(
          'clock',
          `this clock is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} the server's`,
          'see that both machines take their time from the same source (NTP)',
        )
      : fine('clock', `this clock and the server's are ${seconds} s apart`),
  ];
}

/** Asks, signed with the desk's key, after no grant at all: nothing is done, and only a known key is answered. */
async function checkEnrolment(
  server: string,
  desk: string,
  { privateKey }: Identity,
): Promise<Finding> {
  const signature = sign(null, Buffer.from(`grants.${desk}.`), createPrivateKey(privateKey));
  const response = await fetch(`${server}/api/desks/grants`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ desk, grants: [], signature: signature.toString('base64') }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (response.ok) return fine('enrolment', `the server knows the key of ${desk}`);
  return fault(
    'enrolment',
    `the server does not let ${desk} in (${response.status})`,
    'where its key was taken back or is of another server: start it with a new code of holdfast admin desk-code',
  );
}

function checkOutbox(dataDir: string, { storeKey }: Identity): Finding {
  const check = 'outbox';
  const file = join(dataDir, 'outbox.db');
  if (!existsSync(file)) return fine(check, 'there is none yet; the first start begins it');
  const db = peekStore(file, { key: Buffer.from(storeKey, 'hex') });
  try {
    const schema = schemaOf(db);
    if (schema > outboxMigrations.length)
      return fault(
        check,
        `a newer release wrote it (schema ${schema}, this program knows ${outboxMigrations.length})`,
        'start the newer release; docs/OPERATIONS.md, "Roll back"',
      );
    const told = db.pragma('quick_check(1)', { simple: true });
    if (told !== 'ok')
      return fault(check, `outbox.db is damaged: ${wordsOf(told)}`, 'start the desk');
    const running = isHeld(dataDir) ? 'the desk runs' : 'the desk does not run';
    return fine(check, `outbox.db can be read; ${running}`);
  } finally {
    db.close();
  }
}
