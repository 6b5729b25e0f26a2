import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from '#desk/after.ts';
import { readDeskSettings, type DeskSettings } from '#desk/desk-settings.ts';
import { openFileKeystore } from '#desk/file-keystore.ts';
import { hotkeyNews } from '#desk/desk-news.ts';
import { HotkeyMaps } from '#desk/hotkey-map.ts';
import { enrolDesk, isKeptInFile, openSealedIdentity, type Identity } from '#desk/identity.ts';
import { KeptHotkeys } from '#desk/kept-hotkeys.ts';
import { KeptWindows } from '#desk/kept-windows.ts';
import { LayoutStore } from '#desk/layout-store.ts';
import { windowAssets } from '#desk/window-assets.ts';
import { privileges, SCHEME } from './app-origin.ts';
import type { ElectronApi } from './electron-api.ts';
import { ElectronShell } from './electron-shell.ts';
import { guardPage } from './guards.ts';
import { PowerSave } from './power-save.ts';
import { UtilityDesk } from './utility-desk.ts';

export interface AppOptions {
  /** The folder of the built programs: this one, the desk's and the preload. */
  readonly here: string;
  readonly argv: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly isWayland: boolean;
  /** For whoever started this program: one JSON line once the windows are there. */
  readonly report: (line: string) => void;
  readonly log: (line: string) => void;
  /** Obeyed like a person who ends the program. */
  readonly onSignal: (stop: () => void) => void;
}

/** `--folder=DIR` and the like, among whatever Chromium's own switches there are. */
const given = (argv: readonly string[], name: string) => {
  const prefix = `--${name}=`;
  return argv.find((it) => it.startsWith(prefix))?.slice(prefix.length) || undefined;
};

/**
 * The program of a desk under Electron. What must come before `ready` is done before this returns, and
 * nothing is opened before it is known that no other instance has this folder.
 */
export function startApp(electron: ElectronApi, options: AppOptions): void {
  const { app, Menu, protocol } = electron;
  const { argv, log } = options;
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }]);
  // Its keys would act beside ours: Ctrl+R would load a window again in the middle of a word.
  Menu.setApplicationMenu(null);
  for (const name of ['disable-http-cache', 'disable-background-networking', 'disable-quic'])
    app.commandLine.appendSwitch(name);
  const folder = given(argv, 'folder') ?? join(app.getPath('userData'), 'desk');
  const profile = join(folder, 'electron');
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  app.setPath('userData', profile); // the lock below is this folder's: each desk has its own
  if (!app.requestSingleInstanceLock()) {
    log(`this desk runs already in ${folder}; its windows are shown`);
    app.quit(); // one desk, one outbox: the running instance keeps both
    return;
  }
  app.on('web-contents-created', (_event, page) => guardPage(page));
  app
    .whenReady()
    .then(() => run(electron, folder, options))
    .catch((error: unknown) => {
      const words = error instanceof Error ? error.message : String(error);
      log(`holdfast: ${words}`);
      // A box waits for a hand: only where a person started it, and no program waits for the end.
      if (app.isPackaged) electron.dialog.showErrorBox('Holdfast cannot start this desk', words);
      app.exit(1);
    });
}

async function run(electron: ElectronApi, folder: string, options: AppOptions): Promise<void> {
  const { app } = electron;
  const { here, log, report, platform, onSignal } = options;
  const settings = readDeskSettings(folder);
  const power = new PowerSave(electron.powerSaveBlocker);
  const shell = new ElectronShell(electron, {
    preload: join(here, 'preload.cjs'),
    assets: windowAssets(join(here, '../renderer')),
    keyFile: join(folder, 'keystore'),
    platform,
    isWayland: options.isWayland,
    after,
    joined: (line) => desk.join(line),
    listener: {
      windowChanged: (role, id, event) => windows.windowChanged(role, id, event),
      displaysChanged: () => windows.displaysChanged(),
    },
  });
  const layouts = new LayoutStore(join(folder, 'layouts.json'), ({ message }) => log(message));
  const windows = new KeptWindows({
    shell,
    roles: settings.windows,
    among: settings.among,
    layouts,
    now: Date.now,
    after,
    say: log,
  });
  const identity = await openIdentity(folder, settings, shell, options);
  const { promise: isOpen, resolve: opened } = Promise.withResolvers<void>();
  const { windows: _roles, among: _among, copyDir, signInHint, clockWarnMs, ...told } = settings;
  const desk = new UtilityDesk(electron, {
    script: join(here, 'desk-utility.js'),
    start: {
      dataDir: folder,
      ...told,
      ...identity,
      ...(copyDir !== undefined && { copyDir }),
      ...(signInHint !== undefined && { signInHint }),
      ...(clockWarnMs !== undefined && { clockWarnMs }),
      port: 0,
      version: versionIn(here),
    },
    after,
    log,
    ready: () => {
      opened();
      shell.handOverAll();
    },
    lineEnded: (line) => shell.lineEnded(line),
    news: (news) => {
      if (news.type === 'typed') return windows.typed();
      if (news.type === 'hotkey-wanted') return hotkeys?.set(news.user, news.action, news.keys);
      power.sat(news.user !== undefined);
      windows.sat(news.user);
      hotkeys?.sat(news.user);
    },
  });
  const maps = new HotkeyMaps(join(folder, 'hotkeys.json'));
  // A dispatcher's desk takes no telephone keys from the desktop.
  const hotkeys = settings.windows.includes('call-handling')
    ? new KeptHotkeys({ shell, maps, say: log, ...hotkeyNews((news) => desk.tell(news)) })
    : undefined;
  let isStopped = false;
  const stop = async () => {
    await hotkeys?.close();
    await windows.close();
    await desk.stop();
    power.sat(false);
    await shell[Symbol.asyncDispose]();
  };
  app.on('before-quit', (event) => {
    if (isStopped) return;
    event.preventDefault(); // the desk's files are closed first
    stop()
      .catch((error: unknown) => log(`stopping: ${String(error)}`))
      .finally(() => {
        isStopped = true;
        app.quit();
      });
  });
  onSignal(() => app.quit());
  app.on('window-all-closed', () => app.quit());
  // A person started Holdfast a second time: they want its windows, those that were closed too.
  app.on('second-instance', () => {
    windows
      .open()
      .then(async ([first]) => first?.focus())
      .catch((error: unknown) => log(`showing the windows: ${String(error)}`));
  });
  // Windows come whether or not the desk does: one that cannot start is started again, and they say so.
  await Promise.race([isOpen, new Promise<void>((resolve) => after(DESK_FIRST_MS, resolve))]);
  await windows.open();
  report(JSON.stringify({ desk: settings.desk, pid: process.pid, shell: 'electron' }));
}

const DESK_FIRST_MS = 2_000; // a desk that knows who sits there has their layout; usual: a tenth of it

async function openIdentity(
  folder: string,
  { server, desk }: DeskSettings,
  shell: ElectronShell,
  { argv }: AppOptions,
): Promise<Identity> {
  const own = await shell.keystore();
  const isByFile = own.protection !== 'file' && isKeptInFile(folder);
  const keystores = isByFile
    ? ([own, await openFileKeystore(join(folder, 'keystore'))] as const)
    : ([own] as const);
  const { identity, isNew } = await openSealedIdentity(folder, desk, keystores);
  const code = given(argv, 'enrol');
  if (code !== undefined) await enrolDesk(server, code, identity);
  else if (isNew)
    throw new Error('this desk is new: ask the administrator for a code and give it with --enrol=');
  return identity;
}

function versionIn(here: string): string {
  const file = join(here, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
