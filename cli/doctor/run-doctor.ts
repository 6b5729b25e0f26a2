import { readSettings, SettingError, type Sources } from '../config/read-settings.ts';
import { checkDesk } from './desk-checks.ts';
import { fault, fine, looked, type Finding } from './finding.ts';
import { checkNode, checkSqlite } from './machine-checks.ts';
import { checkServer } from './server-checks.ts';

const marks = { fine: 'ok  ', warning: 'WARN', fault: 'BAD ' } as const;
const codes = { fine: 0, fault: 3, warning: 4 } as const;

/**
 * `holdfast doctor`: each thing that was looked at, in one line with what helps. Answers the exit code:
 * 0 all fine, 3 something is wrong, 4 nothing worse than a warning. It changes nothing, and asks nothing
 * of a server that runs but what any desk may ask.
 */
export async function runDoctor(
  program: 'serve' | 'desk',
  sources: Sources,
  {
    version,
    now,
    out,
  }: {
    readonly version: string;
    readonly now: number;
    readonly out: (words: string, json: object) => void;
  },
): Promise<number> {
  const findings: Finding[] = [
    checkNode(version),
    ...(await looked('sqlite', 'run "npm ci" in the folder of Holdfast', () => checkSqlite())),
  ];
  try {
    findings.push(...(program === 'serve' ? await ofServer(sources, now) : await ofDesk(sources)));
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    findings.push(fault('settings', error.message, 'set it right; holdfast --help has them all'));
  }
  const state = (['fault', 'warning'] as const).find((it) => findings.some((f) => f.state === it));
  const lines = findings.map(
    ({ check, state: its, found, todo }) =>
      `${marks[its]}  ${check.padEnd(12)}  ${found}${todo === undefined ? '' : ` -> ${todo}`}`,
  );
  out(lines.join('\n'), { program, state: state ?? 'fine', findings });
  return codes[state ?? 'fine'];
}

const right = fine('settings', 'all of them are understood');

async function ofServer(sources: Sources, now: number): Promise<readonly Finding[]> {
  const { settings } = readSettings('serve', sources);
  return [right, ...(await checkServer(settings, now))];
}

async function ofDesk(sources: Sources): Promise<readonly Finding[]> {
  const { settings } = readSettings('desk', sources);
  return [right, ...(await checkDesk(settings))];
}
