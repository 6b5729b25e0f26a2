import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { programsStarted, programsStartedIn } from './programs-started.ts';
import { root } from './setup.mjs';
import { programsOfTests } from './system-packages.mjs';

/** On every Linux machine, before anything is installed. */
const always = new Set(['sh', 'mount', 'umount']);
/** Programs that are named by what a variable holds: our own Node, the browser and the compiler that were found. */
const namedElsewhere = new Map([
  ['process.execPath', undefined],
  ['executable', 'chromium'],
  ['electron', undefined], // where its binary is; nothing is asked of a machine that has none
  ['name', 'cc'],
  ['compiler', 'cc'],
  ['analyzer', undefined], // of systemd: asked where it is there
]);

test('the programs that the tests start are those that "npm test" asks for, no more and no less', () => {
  const started = programsStartedIn(root);
  const unknown = started.filter((it) => !it.isLiteral && !namedElsewhere.has(it.program));
  expect(unknown).toEqual([]);
  const names = started.map((it) => (it.isLiteral ? it.program : namedElsewhere.get(it.program)));
  const wanted = new Set(names.flatMap((name) => (name && !always.has(name) ? name : [])));
  expect([...wanted].toSorted()).toEqual([...programsOfTests].toSorted());
});

test('a program is seen however it is started: by name, by a variable, or in a shell script', () => {
  const source = `
    execFileSync('xdotool', ['key']);
    await promisify(execFile)(
      'xrandr', []);
    spawn(this.#options.executable, []);
    const SCREEN_SCRIPT = 'Xvfb "$@" & exec 3>&-; read -r _; kill $! && wait $!';
    /pattern/.exec('no program'); db.exec('DELETE FROM event'); host.#spawn();`;
  expect(programsStarted(source)).toEqual([
    { program: 'xdotool', isLiteral: true },
    { program: 'xrandr', isLiteral: true },
    { program: 'this.#options.executable', isLiteral: false },
    { program: 'Xvfb', isLiteral: true },
  ]);
});

/** Runs the check for system programs with nothing in PATH but one folder. */
function ensureWith(path: string, before = '') {
  const script = `${before}
    import { ensureSystemPackages, programsOfTests } from './tools/system-packages.mjs';
    process.stdout.write(JSON.stringify(await ensureSystemPackages(programsOfTests)));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { cwd: root, encoding: 'utf8', env: { PATH: path } },
  );
  return { missing: JSON.parse(stdout) as unknown, stderr };
}

function emptyFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('on a machine with none of the programs, one line names every package', () => {
  const { missing, stderr } = ensureWith(emptyFolder());
  expect(missing).toEqual(programsOfTests);
  expect(stderr).toBe(
    'system: missing chromium, Xvfb, xrandr, xdotool, cc. ' +
      'Install with: apt-get install chromium xvfb x11-xserver-utils xdotool build-essential.\n',
  );
});

test('as root on a machine with none of the programs, all of them are installed', () => {
  const folder = emptyFolder();
  // Stands for apt-get: an install of all the packages puts their programs into PATH.
  const all = `install -y --no-install-recommends chromium xvfb x11-xserver-utils xdotool build-essential`;
  const aptGet = `#!/bin/sh
    case "$*" in *"${all}")
      for name in chromium Xvfb xrandr xdotool cc; do
        echo '#!/bin/sh' >"${folder}/$name"; /bin/chmod +x "${folder}/$name"
      done
    esac\n`;
  writeFileSync(join(folder, 'apt-get'), aptGet, { mode: 0o755 });
  const { missing, stderr } = ensureWith(folder, 'process.getuid = () => 0;');
  expect(stderr).toContain(
    'apt-get install chromium xvfb x11-xserver-utils xdotool build-essential',
  );
  expect(missing).toEqual([]);
});
