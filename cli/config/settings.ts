import * as z from 'zod';
import { windowRoles } from '#desk/shell.ts';

/** What of a program can be set, and by which names. */
export interface Setting<T = unknown> {
  readonly schema: z.ZodType<T>;
  /** What is told to whoever sets it otherwise. */
  readonly expected: string;
  /** What holds where nobody sets it; without one it is left out, or has to be given. */
  readonly initial?: T;
  /** Never printed. */
  readonly isSecret?: true;
}

const setting = <T, const More extends Omit<Setting<T>, 'schema' | 'expected'>>(
  schema: z.ZodType<T>,
  expected: string,
  more: More,
) => ({ schema, expected, ...more });

const PATH_MAX = 1_024;
const path = z.string().min(1).max(PATH_MAX);
const folder = () => setting(path, 'the path of a folder', {});
const file = () => setting(path, 'the path of a file', {});
const whole = (least: number, most: number) => z.int().min(least).max(most);

const isTimeZone = (name: string) => {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).format(0) !== '';
  } catch {
    return false; // what the runtime does not know is none
  }
};

/** A number goes to people and into every reference: a zone that is spelt wrong dates all of them wrong. */
const timeZone = setting(
  z.string().max(64).refine(isTimeZone),
  'a time zone such as Europe/London',
  { initial: 'Europe/London' },
);
const force = setting(z.string().regex(/^[A-Z]{2,4}$/), 'two to four capitals, such as HC', {
  initial: 'HC',
});
const forceName = setting(z.string().min(1).max(80), 'a name of 1 to 80 characters', {
  initial: 'Demo Constabulary',
});
const port = setting(whole(0, 65_535), 'a number from 0 to 65535', { initial: 7100 });

const percent = setting(whole(1, 100), 'a number of percent from 1 to 100', {});
// Below a tenth free, file systems slow down, and a disk that fills by a percent a day leaves two weeks.
const diskWarnPercent = { ...percent, initial: 85 } as const;
// A force of a million contacts a year writes some 30 MB on its worst day: a last twentieth is still days.
const diskFullPercent = { ...percent, initial: 95 } as const;

// A log whose lines are seconds apart is misread from here on.
const clockWarnMs = setting(whole(100, 3_600_000), 'a number of milliseconds from 100 to 3600000', {
  initial: 2_000,
});

/** Of `holdfast serve`. */
const serve = {
  data: folder(),
  host: setting(z.string().regex(/^[\w.:-]{1,253}$/), 'an address or a name of this machine', {
    initial: '127.0.0.1',
  }),
  port,
  force,
  forceName,
  tlsCert: file(),
  tlsKey: file(),
  awaitDesks: setting(whole(0, 86_400), 'a number of seconds, at most a day', { initial: 60 }),
  /** Where back-ups are put, each in a folder of its own: its room and their age are watched. */
  backups: folder(),
  // One a day, and two hours for it to be late.
  backupHours: setting(whole(1, 8_760), 'a number of hours, at most a year', { initial: 26 }),
  diskWarnPercent,
  diskFullPercent,
  clockWarnMs,
  logFile: setting(z.boolean(), 'true or false', { initial: false }),
  // 100 MB in all: some weeks of a quiet force, a day of a busy one; what people did is in the log and the audit.
  logFileMegabytes: setting(whole(1, 1_000), 'a number from 1 to 1000', { initial: 10 }),
  logFiles: setting(whole(2, 100), 'a number from 2 to 100', { initial: 10 }),
} as const;

/** Of `holdfast desk`. */
const desk = {
  server: setting(
    z.url({ protocol: /^https?$/ }).max(PATH_MAX),
    'the address of a server, such as https://control.example:7100',
    {},
  ),
  name: setting(z.string().regex(/^[\w.-]{1,64}$/), 'the name of a desk, such as CH1', {}),
  data: folder(),
  // One code lets one desk in, once; until then it is as good as a key.
  enrol: setting(z.string().min(1).max(64), "an enrolment code of the server's administrator", {
    isSecret: true,
  }),
  secondCopy: folder(),
  window: setting(z.enum(windowRoles), `one of: ${windowRoles.join(', ')}`, {
    initial: 'call-handling',
  }),
  headless: setting(z.boolean(), 'true or false', { initial: false }),
  /** The binary that runs the desk and shows its windows, instead of the installed Chromium. */
  electron: file(),
  force,
  forceName,
  timeZone,
  diskWarnPercent,
  diskFullPercent,
  clockWarnMs,
} as const;

/** Of `holdfast demo`, whose data are made up. */
const demo = {
  data: folder(),
  port,
  headless: desk.headless,
  electron: desk.electron,
  force,
  forceName,
  timeZone,
} as const;

export const settings = { serve, desk, demo } as const;
export type Program = keyof typeof settings;

type ValueOf<S> = S extends { readonly schema: z.ZodType<infer T> }
  ? S extends { readonly initial: unknown }
    ? T
    : T | undefined
  : never;

/** What a program is to go by: every setting, `undefined` where it was left out. */
export type Settings<P extends Program> = {
  readonly [Name in keyof (typeof settings)[P]]: ValueOf<(typeof settings)[P][Name]>;
};

export const settingsOf = (program: Program): Readonly<Record<string, Setting>> =>
  settings[program];

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Where the environment says which file of settings is read. */
export const CONFIG_VARIABLE = 'HOLDFAST_CONFIG';

/** How a setting is named on the command line, without its dashes. */
export const optionOf = (name: string): string => kebab(name);

/** How a setting is named in the environment. */
export const variableOf = (name: string): string =>
  `HOLDFAST_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

/** An environment for a process that is told all it goes by in another way. */
export const withoutSettings = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => name !== CONFIG_VARIABLE && !variables.has(name),
    ),
  );

/** Every setting of every program, by the name that it has in the environment. */
export const variables: ReadonlyMap<string, string> = new Map(
  Object.values(settings).flatMap((of) =>
    Object.keys(of).map((name) => [variableOf(name), name] as const),
  ),
);
