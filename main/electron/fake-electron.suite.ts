import { EventEmitter } from 'node:events';
import type * as Main from 'electron/main';
import type { ElectronApi } from './electron-api.ts';

/*
 * Electron as far as the shell uses it. It is strict: what is not modelled cannot be read, an event that
 * does not exist cannot be listened for, nothing can be set. It proves what we ask, not what Electron does.
 * Each part is checked against Electron's own types where it is put together (`satisfies`).
 */

/** Passes what `model` has; reading or setting anything else is an error, so the fake cannot flatter. */
export function strict<Model extends object>(name: string, model: Model): Model {
  return new Proxy(model, {
    get(target, key) {
      if (key === 'then') return undefined; // awaited, and not a promise
      if (!(key in target)) throw new Error(`${name}.${String(key)} is not modelled by the fake`);
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || String(value).startsWith('class')) return value;
      return (value as (...args: unknown[]) => unknown).bind(target);
    },
    set(_target, key) {
      throw new Error(`${name}.${String(key)} is not modelled by the fake`);
    },
  });
}

/** An emitter that knows its events: a misspelt name fails here, where Electron would stay silent. */
class Known {
  readonly #emitter = new EventEmitter();
  readonly #name: string;
  readonly #known: readonly string[];
  constructor(name: string, known: readonly string[]) {
    this.#name = name;
    this.#known = known;
  }
  on(event: string, listener: (...args: never[]) => void): this {
    this.#check(event);
    this.#emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }
  removeAllListeners(event: string): this {
    this.#check(event);
    this.#emitter.removeAllListeners(event);
    return this;
  }
  /** For tests: whether anybody heard it. */
  happen(event: string, ...args: readonly unknown[]): boolean {
    this.#check(event);
    return this.#emitter.emit(event, ...args);
  }
  #check(event: string) {
    if (!this.#known.includes(event)) throw new Error(`${this.#name} has no event ${event}`);
  }
}

/** An event that can be prevented, and whether it was. */
export const preventable = () => {
  const event = { isPrevented: false, preventDefault: () => void (event.isPrevented = true) };
  return event;
};

export class FakePort {
  isClosed = false;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  close() {
    this.isClosed = true;
  }
}

export class FakePage extends Known {
  readonly posted: { readonly channel: string; readonly port: FakePort | undefined }[] = [];
  reloads = 0;
  crashes = 0;
  isLoading = true;
  openHandler: (() => { action: string }) | undefined;
  constructor() {
    super('webContents', [
      'will-navigate',
      'will-frame-navigate',
      'will-redirect',
      'will-attach-webview',
      'did-finish-load',
      'render-process-gone',
    ]);
  }
  setWindowOpenHandler(handler: () => { action: string }) {
    this.openHandler = handler;
  }
  isLoadingMainFrame() {
    return this.isLoading;
  }
  postMessage(channel: string, _message: unknown, [port]: readonly FakePort[]) {
    this.posted.push({ channel, port });
  }
  reload() {
    this.reloads += 1;
    this.load();
  }
  load() {
    this.isLoading = false;
    this.happen('did-finish-load');
  }
  forcefullyCrashRenderer() {
    this.crashes += 1;
    this.happen('render-process-gone', {}, { reason: 'killed', exitCode: 9 });
  }
  async capturePage() {
    return strict('NativeImage', { toPNG: () => Buffer.from('png') });
  }
  async printToPDF(options: object) {
    return Buffer.from(JSON.stringify(options));
  }
}

export class FakeWindow extends Known {
  readonly page = new FakePage();
  readonly webContents = strict('webContents', this.page);
  readonly log: string[] = [];
  readonly options: Main.BrowserWindowConstructorOptions;
  bounds: Main.Rectangle;
  constructor(options: Main.BrowserWindowConstructorOptions) {
    super('BrowserWindow', ['unresponsive', 'responsive', 'closed', 'move', 'resize']);
    this.options = options;
    const { x = 0, y = 0, width = 0, height = 0 } = options;
    this.bounds = { x, y, width, height };
  }
  getBounds() {
    return this.bounds;
  }
  setBounds(bounds: Main.Rectangle) {
    this.bounds = { ...bounds };
    this.happen('move');
  }
  async loadURL(url: string) {
    this.log.push(`load ${url}`);
    this.page.load();
  }
  showInactive() {
    this.log.push('show without focus');
  }
  focus() {
    this.log.push('focus');
  }
  close() {
    this.log.push('close');
    this.happen('closed');
  }
  destroy() {
    this.close();
  }
}

export class FakeDesk extends Known {
  readonly pid = 4242;
  readonly got: { readonly message: { readonly type: string }; readonly ports: FakePort[] }[] = [];
  readonly script: string;
  readonly name: string | undefined;
  constructor(script: string, name: string | undefined) {
    super('UtilityProcess', ['message', 'exit']);
    this.script = script;
    this.name = name;
  }
  postMessage(message: { readonly type: string }, ports: FakePort[]) {
    this.got.push({ message, ports });
  }
  kill() {
    this.happen('exit', 15);
    return true;
  }
}

/** True where every name of the fake is one of Electron's, or one that is named here as a test's own. */
type IsOf<Fake, Real, OfTests extends string> =
  Exclude<keyof Fake, keyof Real | OfTests | 'happen'> extends never ? true : never;
true satisfies IsOf<
  FakePage,
  Main.WebContents,
  'posted' | 'reloads' | 'crashes' | 'isLoading' | 'openHandler' | 'load'
>;
true satisfies IsOf<FakeWindow, Main.BrowserWindow, 'page' | 'log' | 'options' | 'bounds'>;
true satisfies IsOf<FakeDesk, Main.UtilityProcess, 'got' | 'script' | 'name'>;
true satisfies IsOf<FakePort, Main.MessagePortMain, 'isClosed' | 'name'>;

type PermissionAnswer = Parameters<Main.Session['setPermissionRequestHandler']>[0];
type PermissionCheck = Parameters<Main.Session['setPermissionCheckHandler']>[0];
type Serve = (request: Request) => Response | Promise<Response>;
type BeforeRequest = (
  details: { readonly url: string },
  answer: (response: { cancel?: boolean }) => void,
) => void;

/** Electron, and what a test may look at or make happen. */
export function fakeElectron({ backend = 'gnome_libsecret', isFirst = true, userData = '' } = {}) {
  const seen = {
    backend,
    isEncryptionAvailable: true,
    windows: [] as FakeWindow[],
    desks: [] as FakeDesk[],
    log: [] as string[],
    takenKeys: new Set<string>(),
    hotkeys: new Map<string, () => void>(),
    displays: [] as Main.Display[],
    notified: [] as object[],
    blockers: new Set<number>(),
    schemes: [] as Main.CustomScheme[],
    screen: new Known('screen', ['display-added', 'display-removed', 'display-metrics-changed']),
    session: new Known('session', ['will-download']),
    app: new Known('app', [
      'web-contents-created',
      'before-quit',
      'window-all-closed',
      'second-instance',
    ]),
    ready: Promise.withResolvers<void>(),
    serve: undefined as Serve | undefined,
    answer: null as PermissionAnswer,
    check: null as PermissionCheck,
    device: undefined as ((details: never) => boolean) | undefined,
    displayMedia: undefined as
      | ((request: object, answer: (it: unknown) => void) => void)
      | undefined,
    beforeRequest: undefined as BeforeRequest | undefined,
  };
  let lastPort = 0;
  let lastBlocker = 0;

  class BrowserWindow extends FakeWindow {
    constructor(options: Main.BrowserWindowConstructorOptions) {
      super(options);
      seen.windows.push(this);
      seen.app.happen('web-contents-created', {}, this.webContents);
      return strict('BrowserWindow', this);
    }
  }
  class MessageChannelMain {
    readonly port1 = new FakePort(`desk end ${++lastPort}`);
    readonly port2 = new FakePort(`window end ${lastPort}`);
  }
  class Notification {
    readonly #options: object;
    static isSupported = () => true;
    constructor(options: object) {
      this.#options = options;
    }
    show() {
      seen.notified.push(this.#options);
    }
  }
  const app = {
    isPackaged: false,
    on: seen.app.on.bind(seen.app),
    enableSandbox: () => void seen.log.push('sandbox'),
    getPath: (name: string) => {
      if (name !== 'userData') throw new Error(`the path ${name} is not modelled by the fake`);
      return userData;
    },
    setPath: (name: string, path: string) => void seen.log.push(`${name} is ${path}`),
    requestSingleInstanceLock: () => {
      seen.log.push('lock');
      return isFirst;
    },
    whenReady: () => seen.ready.promise,
    quit: () => {
      const event = preventable();
      seen.app.happen('before-quit', event);
      seen.log.push(event.isPrevented ? 'quit later' : 'quit');
    },
    exit: (code: number) => void seen.log.push(`exit ${code}`),
    commandLine: strict('commandLine', {
      appendSwitch: (name: string) => void seen.log.push(`switch ${name}`),
    }),
  } satisfies Partial<Record<keyof Main.App, unknown>>;
  const session = {
    on: seen.session.on.bind(seen.session),
    setPermissionRequestHandler: (answer: PermissionAnswer) => void (seen.answer = answer),
    setPermissionCheckHandler: (check: PermissionCheck) => void (seen.check = check),
    setDevicePermissionHandler: (device: typeof seen.device) => void (seen.device = device),
    setDisplayMediaRequestHandler: (it: typeof seen.displayMedia) => void (seen.displayMedia = it),
    webRequest: strict('webRequest', {
      onBeforeRequest: (answer: BeforeRequest) => void (seen.beforeRequest = answer),
    } satisfies Partial<Record<keyof Main.WebRequest, unknown>>),
  } satisfies Partial<Record<keyof Main.Session, unknown>>;

  const parts = {
    app: strict('app', app),
    BrowserWindow,
    MessageChannelMain,
    Notification,
    dialog: strict('dialog', {
      showErrorBox: (title: string, words: string) => void seen.log.push(`${title}: ${words}`),
    } satisfies Partial<Main.Dialog>),
    globalShortcut: strict('globalShortcut', {
      register: (key: string, action: () => void) => {
        if (seen.takenKeys.has(key)) return false;
        seen.hotkeys.set(key, action);
        return true;
      },
      unregister: (key: string) => void seen.hotkeys.delete(key),
      unregisterAll: () => seen.hotkeys.clear(),
    } satisfies Partial<Main.GlobalShortcut>),
    Menu: strict('Menu', {
      setApplicationMenu: (menu: Main.Menu | null) =>
        void seen.log.push(menu === null ? 'no menu' : 'a menu'),
    }),
    powerSaveBlocker: strict('powerSaveBlocker', {
      start: () => {
        seen.blockers.add(++lastBlocker);
        return lastBlocker;
      },
      stop: (id: number) => seen.blockers.delete(id),
    } satisfies Partial<Main.PowerSaveBlocker>),
    protocol: strict('protocol', {
      registerSchemesAsPrivileged: (schemes: Main.CustomScheme[]) =>
        void seen.schemes.push(...schemes),
      handle: (_scheme: string, serve: Serve) => void (seen.serve = serve),
      unhandle: () => void (seen.serve = undefined),
    } satisfies Partial<Record<keyof Main.Protocol, unknown>>),
    safeStorage: strict('safeStorage', {
      isAsyncEncryptionAvailable: async () => seen.isEncryptionAvailable,
      getSelectedStorageBackend: () =>
        seen.backend as ReturnType<Main.SafeStorage['getSelectedStorageBackend']>,
      encryptStringAsync: async (plain: string) => Buffer.from(`sealed ${plain}`, 'utf8'),
      decryptStringAsync: async (sealed: Buffer) => ({
        result: sealed.toString('utf8').replace(/^sealed /, ''),
        shouldReEncrypt: false,
      }),
    } satisfies Partial<Main.SafeStorage>),
    screen: strict('screen', {
      getAllDisplays: () => seen.displays,
      getPrimaryDisplay: () => {
        const [first] = seen.displays;
        if (!first) throw new Error('no display');
        return first;
      },
      on: seen.screen.on.bind(seen.screen),
      removeAllListeners: seen.screen.removeAllListeners.bind(seen.screen),
    } satisfies Partial<Record<keyof Main.Screen, unknown>>),
    session: strict('session', { defaultSession: strict('defaultSession', session) }),
    utilityProcess: strict('utilityProcess', {
      fork: (script: string, _args: string[], { serviceName }: Main.ForkOptions) => {
        const desk = new FakeDesk(script, serviceName);
        seen.desks.push(desk);
        return strict('UtilityProcess', desk);
      },
    }),
  } satisfies Record<keyof ElectronApi, unknown>;
  // What is modelled has Electron's names and, above, its types; the rest of Electron is not there.
  const api = strict('electron', parts) as unknown as ElectronApi;
  return { api, seen };
}

/** One monitor as Electron tells of it. */
export const fakeDisplay = (
  id: number,
  label: string,
  bounds: Main.Rectangle,
  workArea = bounds,
): Main.Display => ({ id, label, bounds, workArea }) as Main.Display;
