import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isFoundWrong } from '#store/file-trouble.ts';
import { loadAssets } from '#store/load-assets.ts';
import { startServer } from '../server/main.ts';
import { rebuildFolder } from '../server/log/open-writer.ts';
import { runAdmin } from './admin.ts';
import { runDoctor } from './doctor/run-doctor.ts';
import { needed, readSettings, SettingError } from './config/read-settings.ts';
import { showSettings } from './config/show-settings.ts';
import type { Program } from './config/settings.ts';
import { runDemo } from './demo.ts';
import { runImport } from './imports.ts';
import { Secrets } from './read-secret.ts';
import { runReport } from './reports.ts';
import { runDesk } from './run-desk.ts';
import { cleanUpTraining, defaults, madeUpForceOf, runTraining } from './run-training.ts';
import { makeBackup, restoreBackup, verify, witness, type Out } from './safe-keeping.ts';

const HELP = `holdfast COMMAND [OPTION…]

  serve    the server of one force        --data DIR [--host 127.0.0.1] [--port 7100]
                                          [--force HC] [--force-name NAME] [--tls-cert F --tls-key F]
                                          [--await-desks SECONDS]   (after a restore; 60)
                                          [--backups DIR] [--backup-hours 26]   (what is watched)
                                          [--disk-warn-percent 85] [--disk-full-percent 95]
                                          [--clock-warn-ms 2000] [--log-file]
                                          [--log-file-megabytes 10] [--log-files 10]
  desk     one desk and its windows       --server URL --name DESK --data DIR [--enrol CODE]
                                          [--window call-handling|dispatch|supervisor|administration]
                                          [--headless]
                                          [--force HC] [--force-name NAME] [--time-zone ZONE]
                                          [--second-copy DIR]   (of its outbox: on another disk)
                                          [--electron BINARY]   (instead of the installed Chromium)
                                          [--clock-warn-ms 2000]
  config   what a server or desk goes by  serve | desk, with their options: each value, and where
                                          it is from
  doctor   what is wrong with one         serve | desk, with their options; it changes nothing, also
                                          beside one that runs
  demo     a room with made-up data       [--headless] [--port 7100] [--data DIR] [--json]
                                          [--electron BINARY]
                                          [--training]   (a made-up force at work in it, as below)
                                          [--scenario [--speed 1]]   (a night shift played at its
                                          desks, with captions; then without a force)
  training a made-up force at work on it  --server URL --as ADMIN [--seed 1] [--speed 1] [--rate 1]
                                          [--from 22:00|fri-22:00]   (else the time of now)
                                          [--handlers 24] [--dispatchers 6] [--units 60]
                                          (its own people and desks, all labelled as made up; never
                                          on a server where anything is real; the password as below)
                                          [--clean-up]   (instead: shuts out the people, desks and
                                          keys that killed ones have left; open work stays open)
  import   recorded crimes                crimes FILE… --data DIR   (while its server is stopped)
           another city's dispatch records cad FILE… --data DIR     (a training force of its own)
  report   times to attend by priority    response --data DIR      (from those dispatch records)
  rebuild  the read model from the log    --data DIR   (while its server is stopped)
  backup   a copy of a server's folder    --data DIR --to NEW   (also while its server runs)
  restore  a folder out of a back-up      FROM --data NEW
  verify   the chain of a log             --data DIR [--witness FILE]
  witness  what a desk has seen of a log  --name DESK --data DIR   (for verify, on standard output)
  admin    people, desks and keys         password | users | sessions | desks | keys |
                                          add-user NAME --display-name N --role ROLE |
                                          set-role NAME --role ROLE | disable-user NAME |
                                          reopen-user NAME | reset-password NAME | unlock-user NAME |
                                          revoke-session ID | revoke-sessions NAME |
                                          desk-code [DESK] | revoke-desk DESK | api-key NAME |
                                          revoke-key NAME |
                                          lists | list LIST [--revision N] | revisions LIST |
                                          check-list LIST --file F |
                                          take-over-list LIST --file F --revision N --note WHY |
                                          roll-back-list LIST --to N --revision N --note WHY;
                                          each with --server URL --as NAME
                                          (the password is asked for, or is the first line of stdin)

  --config FILE   JSON with the settings of serve or desk; HOLDFAST_… in the environment goes before
                  it, the command line before both: docs/OPERATIONS.md
  --json   one JSON line on standard output instead of words
  --version       which release this is
  --help   this page

Exit codes: 0 done · 1 failed · 2 not understood · 3 found wrong (import refused, chain broken,
a file that is damaged or of a newer release, a fault that doctor found) · 4 doctor found nothing worse than warnings
`;

/** What the browsers are served; made by `npm run build`. */
const WINDOWS = join(import.meta.dirname, '../dist/renderer');

const VERSION = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  }
).version;

/** What was asked for cannot be understood: told with how to ask, exit code 2. */
class UsageError extends Error {}
const usage = (message: string) => new UsageError(message);

const options = {
  data: { type: 'string' },
  config: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  force: { type: 'string' },
  'force-name': { type: 'string' },
  'time-zone': { type: 'string' },
  backups: { type: 'string' },
  'backup-hours': { type: 'string' },
  'disk-warn-percent': { type: 'string' },
  'disk-full-percent': { type: 'string' },
  'clock-warn-ms': { type: 'string' },
  'log-file': { type: 'boolean' },
  'log-file-megabytes': { type: 'string' },
  'log-files': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  server: { type: 'string' },
  name: { type: 'string' },
  as: { type: 'string' },
  'display-name': { type: 'string' },
  role: { type: 'string' },
  file: { type: 'string' },
  note: { type: 'string' },
  revision: { type: 'string' },
  enrol: { type: 'string' },
  to: { type: 'string' },
  witness: { type: 'string' },
  'await-desks': { type: 'string' },
  'second-copy': { type: 'string' },
  training: { type: 'boolean', default: false },
  scenario: { type: 'boolean', default: false },
  seed: { type: 'string' },
  speed: { type: 'string' },
  rate: { type: 'string' },
  from: { type: 'string' },
  handlers: { type: 'string' },
  dispatchers: { type: 'string' },
  units: { type: 'string' },
  'clean-up': { type: 'boolean', default: false },
  window: { type: 'string' },
  headless: { type: 'boolean' },
  electron: { type: 'string' },
  json: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const log = (line: string) => void process.stderr.write(`${line}\n`);
const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = read(args);
  const [command, ...rest] = positionals;
  if (values.version) {
    say(values.json ? JSON.stringify({ version: VERSION }) : VERSION);
    return 0;
  }
  if (values.help || command === undefined) {
    say(HELP);
    return values.help ? 0 : 2;
  }
  const need = (name: 'data' | 'server' | 'name' | 'as' | 'to') => {
    const value = values[name];
    if (value === undefined) throw new UsageError(`${command} needs --${name}`);
    return value;
  };
  const settingsOf = <P extends Program>(program: P) =>
    readSettings(program, { options: values, environment: process.env });
  /** The folder of a server, for what is done to it while it runs or not. */
  const served = () => {
    const { config, data, force } = values;
    const sources = { options: { config, data, force }, environment: process.env };
    const { settings } = readSettings('serve', sources);
    return { ...settings, data: needed(command, 'data', settings.data) };
  };
  const out: Out = values.json
    ? (_words, json) => say(JSON.stringify(json))
    : (words) => say(words);
  const runs = new Set(['serve', 'desk', 'demo', 'training']);
  const untilStopped = runs.has(command) ? listenForStop() : () => Promise.resolve();
  switch (command) {
    case 'serve': {
      const { settings } = settingsOf('serve');
      const { host, port, force, forceName, tlsCert, tlsKey } = settings;
      if ((tlsCert === undefined) !== (tlsKey === undefined))
        throw new UsageError('--tls-cert and --tls-key go together');
      const tls =
        tlsCert !== undefined && tlsKey !== undefined
          ? { certFile: tlsCert, keyFile: tlsKey }
          : undefined;
      const server = await startServer({
        dataDir: needed(command, 'data', settings.data),
        host,
        port,
        force,
        forceName,
        tls,
        awaitDesksMs: settings.awaitDesks * 1_000,
        backups: settings.backups,
        diskLimits: {
          warnPercent: settings.diskWarnPercent,
          fullPercent: settings.diskFullPercent,
        },
        clockWarnMs: settings.clockWarnMs,
        release: VERSION,
        windows: existsSync(WINDOWS) ? loadAssets(WINDOWS) : undefined,
        logFile: settings.logFile
          ? { fileMaxBytes: settings.logFileMegabytes * 1_000_000, filesMax: settings.logFiles }
          : undefined,
        log,
      });
      const first = await server.addFirstAdministrator();
      if (first)
        log(
          `This folder had no accounts. The first administrator is "${first.name}", with the password ` +
            `${first.password}\nIt is told only now and opens nothing until it is changed: ` +
            `holdfast admin password --server ${server.baseUrl} --as ${first.name}`,
        );
      const { baseUrl, liveLog } = server;
      if (liveLog === undefined)
        log(
          'The windows are not built, so there is no live log here: npm run build, and start again.',
        );
      const line = {
        server: baseUrl,
        ...(liveLog !== undefined && { liveLog }),
        ...(first && { firstAdministrator: first }),
      };
      const words = liveLog === undefined ? '' : `\nlive log ${liveLog}`;
      say(values.json ? JSON.stringify(line) : `serving ${baseUrl}${words}`);
      await untilStopped();
      await server.stop();
      return 0;
    }
    case 'desk': {
      const { settings } = settingsOf('desk');
      await runDesk({
        server: needed(command, 'server', settings.server),
        name: needed(command, 'name', settings.name),
        dataDir: needed(command, 'data', settings.data),
        enrol: settings.enrol,
        copyDir: settings.secondCopy,
        window: settings.window,
        isHeadless: settings.headless,
        electron: settings.electron,
        force: settings.force,
        forceName: settings.forceName,
        timeZone: settings.timeZone,
        clockWarnMs: settings.clockWarnMs,
        version: VERSION,
        say: out,
        log,
        untilStopped,
      });
      return 0;
    }
    case 'demo': {
      const { settings } = settingsOf('demo');
      await runDemo({
        isHeadless: settings.headless,
        electron: settings.electron,
        port: settings.port,
        dataDir: settings.data,
        // The story is told at these desks alone: a force at work would talk into it.
        training:
          values.training && !values.scenario
            ? madeUpForceOf(values, defaults.demo, usage)
            : undefined,
        storySpeed: values.scenario ? madeUpForceOf(values, defaults.demo, usage).speed : undefined,
        force: settings.force,
        forceName: settings.forceName,
        timeZone: settings.timeZone,
        version: VERSION,
        say: out,
        log,
        untilStopped,
      });
      return 0;
    }
    case 'config': {
      const [program] = rest;
      if ((program !== 'serve' && program !== 'desk') || rest.length > 1)
        throw new UsageError('config serve or config desk');
      showSettings(program, settingsOf(program).effective, out);
      return 0;
    }
    case 'doctor': {
      const [program] = rest;
      if ((program !== 'serve' && program !== 'desk') || rest.length > 1)
        throw new UsageError('doctor serve or doctor desk');
      const sources = { options: values, environment: process.env };
      return runDoctor(program, sources, { version: VERSION, now: Date.now(), out });
    }
    case 'training':
      if (values['clean-up']) {
        await cleanUpTraining({
          server: need('server'),
          as: need('as'),
          secrets: new Secrets({ input: process.stdin, output: process.stderr }),
          say: out,
        });
        return 0;
      }
      await runTraining({
        server: need('server'),
        as: need('as'),
        force: madeUpForceOf(values, defaults.training, usage),
        secrets: new Secrets({ input: process.stdin, output: process.stderr }),
        say: out,
        log,
        untilStopped,
      });
      return 0;
    case 'import': {
      const { data: dataDir, force } = served();
      return runImport({ words: rest, dataDir, force, say: out, log, usage });
    }
    case 'report':
      runReport(rest, served().data, out, usage);
      return 0;
    case 'rebuild':
      return rebuild(served().data, out);
    case 'admin':
      await runAdmin({
        words: rest,
        server: need('server'),
        as: need('as'),
        displayName: values['display-name'],
        role: values.role,
        file: values.file,
        note: values.note,
        revision: values.revision,
        to: values.to,
        secrets: new Secrets({ input: process.stdin, output: process.stderr }),
        say: out,
        usage,
      });
      return 0;
    case 'verify':
      return verify(served().data, values.witness, out);
    case 'backup':
      await makeBackup(served().data, need('to'), out);
      return 0;
    case 'restore': {
      const [from] = rest;
      if (from === undefined || rest.length > 1) throw new UsageError('restore FROM --data NEW');
      await restoreBackup(from, need('data'), out);
      return 0;
    }
    case 'witness':
      await witness(need('data'), need('name'), say);
      return 0;
    default:
      throw new UsageError(`there is no command "${command}"`);
  }
}

function rebuild(dataDir: string, out: Out): number {
  const rebuilt = rebuildFolder(dataDir);
  const { events, records, differed, putAside } = rebuilt;
  const before = differed === undefined ? '' : `, ${differed} of them read otherwise before`;
  const aside =
    putAside === undefined ? '' : `\nthe old file was no read model of this log; it is ${putAside}`;
  out(`made again from ${events} events: ${records} records${before}${aside}`, rebuilt);
  return 0;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Obeyed from the first moment on: what is being started is started to its end and then closed, so that
 * no process stays behind. A second signal changes nothing: the first one is being obeyed.
 */
function listenForStop(): () => Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve());
  });
  return () => stopped;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  log(`holdfast: ${message}`);
  if (error instanceof UsageError) log('Try: holdfast --help');
  const isNotUnderstood = error instanceof UsageError || error instanceof SettingError;
  process.exitCode = isNotUnderstood ? 2 : isFoundWrong(error) ? 3 : 1;
}
process.exit();
