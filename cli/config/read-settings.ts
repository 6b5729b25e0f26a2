import { readFileSync } from 'node:fs';
import * as z from 'zod';
import {
  CONFIG_VARIABLE,
  optionOf,
  settingsOf,
  variableOf,
  variables,
  type Program,
  type Setting,
  type Settings,
} from './settings.ts';

/** A setting is wrong, or nobody knows it: one line that names it, where it stands, and what is expected. */
export class SettingError extends Error {}

/** Where a value is from; what stands further left goes before what stands right of it. */
export const origins = ['command-line', 'environment', 'file', 'default', 'not-set'] as const;

/** One setting as it holds, for people to look at. A secret is not in it. */
export interface Effective {
  readonly value: unknown;
  readonly from: (typeof origins)[number];
  /** The option, the variable or the file. */
  readonly at?: string | undefined;
}

export interface Read<P extends Program> {
  readonly settings: Settings<P>;
  readonly effective: Readonly<Record<string, Effective>>;
}

export interface Sources {
  /** What was given on the command line, by the names of the options. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const FILE_MAX_BYTES = 64 * 1024; // of some twenty settings
const SHOWN_MAX = 60; // of a value that is wrong: enough to know it by
export const KEPT_OUT = '[kept out]';
// Set for the tests of this project, which start this program; it knows nothing of them.
const FOR_TESTS = /^HOLDFAST_(SEED|KILLS|PARTITIONS|PROBE_\w+)$/;

/**
 * What a program is to go by: the command line before the environment, before the file of `--config`,
 * before what holds where nothing is said. Throws `SettingError` for the first thing that is wrong.
 */
export function readSettings<P extends Program>(program: P, sources: Sources): Read<P> {
  const { options, environment } = sources;
  const known = settingsOf(program);
  refuseUnknown(program, sources);
  const file = fileOf(program, sources);
  const settings: Record<string, unknown> = {};
  const effective: Record<string, Effective> = {};
  for (const [name, setting] of Object.entries(known)) {
    const [option, variable] = [optionOf(name), variableOf(name)];
    const given = options[option];
    const inEnvironment = environment[variable];
    const found: Omit<Effective, 'value'> & { readonly raw: unknown } =
      given !== undefined
        ? { raw: outOfText(setting, given), from: 'command-line', at: `--${option}` }
        : inEnvironment !== undefined
          ? { raw: outOfText(setting, inEnvironment), from: 'environment', at: variable }
          : file && name in file.values
            ? { raw: file.values[name], from: 'file', at: file.path }
            : { raw: setting.initial, from: setting.initial === undefined ? 'not-set' : 'default' };
    const { raw, from, at } = found;
    const parsed = raw === undefined ? undefined : setting.schema.safeParse(raw);
    if (parsed?.success === false) throw wrong(name, setting, { from, at, raw: given ?? raw });
    settings[name] = parsed?.data;
    const value = setting.isSecret && raw !== undefined ? KEPT_OUT : parsed?.data;
    effective[name] = { value, from, at };
  }
  return { settings: settings as Settings<P>, effective }; // each was just parsed by its own schema
}

/** Throws where something that a program cannot do without was set nowhere. */
export function needed<T>(program: string, name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new SettingError(
    `${program} needs --${optionOf(name)} (or ${variableOf(name)}, or "${name}" in the file of --config)`,
  );
}

function refuseUnknown(program: Program, { options, environment }: Sources): void {
  const known = settingsOf(program);
  const ours = new Set(Object.keys(known).map(optionOf));
  const all = new Set([...variables.values()].map(optionOf));
  for (const [option, value] of Object.entries(options))
    if (value !== undefined && all.has(option) && !ours.has(option))
      throw new SettingError(`--${option} is no option of "${program}"; see holdfast --help`);
  // A variable of another program may stand in an environment that both are started from.
  for (const variable of Object.keys(environment)) {
    if (!variable.startsWith('HOLDFAST_') || FOR_TESTS.test(variable)) continue;
    if (variable !== CONFIG_VARIABLE && !variables.has(variable))
      throw new SettingError(
        `${variable} (environment) is no setting of Holdfast; it has ${[...variables.keys()].toSorted().join(', ')}`,
      );
  }
}

interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function fileOf(program: Program, { options, environment }: Sources): ConfigFile | undefined {
  const path = options['config'] ?? environment[CONFIG_VARIABLE];
  if (typeof path !== 'string') return undefined;
  const known = settingsOf(program);
  const values = z.record(z.string(), z.unknown()).safeParse(jsonIn(path));
  if (!values.success) throw new SettingError(`${path}: an object of settings is expected`);
  // Each is parsed where it is taken: what stands behind a value of the command line has to be right too.
  for (const [name, raw] of Object.entries(values.data)) {
    const setting = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!setting)
      throw new SettingError(
        `"${shortened(name)}" (in ${path}) is no setting of "${program}"; it has ${Object.keys(known).join(', ')}`,
      );
    if (!setting.schema.safeParse(raw).success)
      throw wrong(name, setting, { from: 'file', at: path, raw });
  }
  return { path, values: values.data };
}

function jsonIn(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SettingError(`the file of --config cannot be read: ${why}`, { cause });
  }
  if (text.length > FILE_MAX_BYTES)
    throw new SettingError(
      `${path}: longer than ${FILE_MAX_BYTES} bytes; it is no file of settings`,
    );
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Of what the file says nothing is repeated: a secret may stand in it.
    const at = /position (\d+)/.exec(String(cause))?.[1];
    const line =
      at === undefined ? '' : `, at line ${text.slice(0, Number(at)).split('\n').length}`;
    throw new SettingError(`${path}: not JSON${line}`, { cause });
  }
}

/** Text becomes what the setting is made of; where it cannot, the schema refuses it as it stands. */
function outOfText({ schema }: Setting, text: string | boolean): unknown {
  if (typeof text === 'boolean') return text;
  if (schema instanceof z.ZodNumber) return /^\d{1,15}$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

function wrong(
  name: string,
  { expected, isSecret }: Setting,
  { from, at, raw }: Pick<Effective, 'from' | 'at'> & { readonly raw: unknown },
): SettingError {
  const where =
    from === 'file' ? `in ${at}` : from === 'environment' ? `${at}, environment` : `${at}`;
  const not = isSecret ? '' : `, not ${shortened(JSON.stringify(raw))}`;
  return new SettingError(`"${name}" (${where}): ${expected} is expected${not}`);
}

const shortened = (text: string) =>
  text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
