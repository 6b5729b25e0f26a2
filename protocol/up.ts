import * as z from 'zod';
import { administer, deskAdminister } from './administer.ts';
import { applied } from './applied.ts';
import { command } from './command.ts';
import { consulted } from './consulted.ts';
import { askCrimes } from './crimes.ts';
import { keysPainted, reportFrame } from './desk-report.ts';
import { draft, draftCopy, dropDraft } from './draft.ts';
import { hello } from './hello.ts';
import { lock } from './lock.ts';
import { setLook } from './look.ts';
import { setHotkey } from './hotkey.ts';
import { ping, pong } from './ping.ts';
import { query } from './query.ts';
import { reserveReferences } from './reserve-references.ts';
import { deskSignal, signal } from './signal.ts';
import { signIn, signOut } from './sign-in.ts';
import { stampedCommand } from './stamped-command.ts';
import { tail } from './tail.ts';
import { settleTray } from './tray.ts';
import { subscribe, unsubscribe } from './view.ts';

/** From a window to its desk. */
export const windowUp = z.discriminatedUnion('frame', [
  command,
  subscribe,
  unsubscribe,
  query,
  draft,
  dropDraft,
  signIn,
  signOut,
  lock,
  settleTray,
  setLook,
  setHotkey,
  signal,
  administer,
  keysPainted,
  ping,
]);
export type WindowUp = z.infer<typeof windowUp>;

/** From a desk to the server. */
export const deskUp = z.discriminatedUnion('frame', [
  hello,
  tail,
  stampedCommand,
  applied,
  reserveReferences,
  draftCopy,
  askCrimes,
  consulted,
  deskSignal,
  deskAdminister,
  reportFrame,
  ping,
  pong,
]);
export type DeskUp = z.infer<typeof deskUp>;
