import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { windowRoles } from './shell.ts';

const WINDOWS_MAX = 8; // six screens, and some

const settings = z.strictObject({
  server: z.url({ protocol: /^https?$/ }),
  desk: z.string().min(1).max(64),
  force: z.string().min(1).max(64),
  forceName: z.string().min(1).max(128),
  timeZone: z.string().min(1).max(64),
  /** Where the outbox's second copy stands, if not beside the data. */
  copyDir: z.string().min(1).optional(),
  windows: z.array(z.enum(windowRoles)).min(1).max(WINDOWS_MAX),
  /** Which of all the windows on these displays these are: the desks of a demo share one machine. */
  among: z.strictObject({ first: z.int().min(0), all: z.int().min(1) }).optional(),
  isDemo: z.boolean(),
  /** From how far on the people here are told that this clock is not the server's. */
  clockWarnMs: z.int().min(100).max(3_600_000).optional(),
  signInHint: z.string().max(400).optional(),
});
/** What a desk is told by whoever set it up: no secrets, and nothing that changes while it runs. */
export type DeskSettings = z.infer<typeof settings>;

const fileIn = (folder: string) => join(folder, 'desk.json');

/** Reads `desk.json` of a desk's folder. What is wrong with it is thrown with the field's name. */
export function readDeskSettings(folder: string): DeskSettings {
  const file = fileIn(folder);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`this desk is not set up: ${file} cannot be read`, { cause });
  }
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON`, { cause });
  }
  const parsed = settings.safeParse(found);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${file}: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'wrong'}`);
}

/** Writes `desk.json`, whole or not at all. */
export function writeDeskSettings(folder: string, made: DeskSettings): void {
  const file = fileIn(folder);
  writeFileSync(`${file}.new`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
