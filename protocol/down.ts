import * as z from 'zod';
import { ack } from './ack.ts';
import { administered } from './administer.ts';
import { challenge } from './challenge.ts';
import { consultedKept } from './consulted.ts';
import { crimes } from './crimes.ts';
import { deskReports } from './desk-report.ts';
import { draftStored } from './draft.ts';
import { events } from './events.ts';
import { grantsWithdrawn } from './grants-withdrawn.ts';
import { hotkey } from './hotkey.ts';
import { nextToken } from './next-token.ts';
import { ping, pong } from './ping.ts';
import { result } from './query.ts';
import { refused } from './refused.ts';
import { signals } from './signal.ts';
import { serverNotices } from './server-notices.ts';
import { sendTail } from './tail.ts';
import { view } from './view.ts';
import { welcome } from './welcome.ts';

/** From a desk to its windows. */
export const windowDown = z.discriminatedUnion('frame', [
  ack,
  view,
  result,
  draftStored,
  nextToken,
  hotkey,
  refused,
  pong,
]);
export type WindowDown = z.infer<typeof windowDown>;

/** From the server to a desk. */
export const deskDown = z.discriminatedUnion('frame', [
  challenge,
  sendTail,
  welcome,
  events,
  ack,
  crimes,
  consultedKept,
  signals,
  deskReports,
  grantsWithdrawn,
  administered,
  serverNotices,
  refused,
  ping,
  pong,
]);
export type DeskDown = z.infer<typeof deskDown>;
