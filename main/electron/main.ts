// The program of the Electron shell, and the only file that imports Electron's values: in plain Node the
// import would try to download it. Everything else takes it as an argument.
import {
  app,
  BrowserWindow,
  dialog,
  globalShortcut,
  Menu,
  MessageChannelMain,
  Notification,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  utilityProcess,
} from 'electron/main';
import process from 'node:process';
import { startApp } from './start-app.ts';

const electron = {
  app,
  BrowserWindow,
  dialog,
  globalShortcut,
  Menu,
  MessageChannelMain,
  Notification,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  utilityProcess,
};

startApp(electron, {
  here: import.meta.dirname,
  argv: process.argv.slice(1),
  platform: process.platform,
  isWayland: process.env['XDG_SESSION_TYPE'] === 'wayland',
  report: (line) => void process.stdout.write(`${line}\n`),
  log: (line) => void process.stderr.write(`${line}\n`),
  onSignal: (stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  },
});
