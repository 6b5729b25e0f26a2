import { once } from 'node:events';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { channels, place, role } from '#domain/facts.ts';
import { random } from '#domain/lib/random.ts';
import { Running } from '#server/gateway/running.suite.ts';
import { valuesOf } from '../support/from-schema.ts';
import {
  afterAttack,
  gone,
  hostileSeed,
  spoilt,
  Stalls,
  Unhandled,
  type Random,
} from '../support/hostile.ts';
import { refusalsIn } from '../support/verify-server.ts';

const BODIES = 2_000;
const AT_ONCE = 8;

/** Bodies as they are right, by address; the server's own schemas are its own to hold. */
const bodies: readonly (readonly [string, z.ZodType])[] = [
  [
    'POST /api/session',
    z.strictObject({
      name: z.string().min(1).max(64),
      password: z.string().min(1).max(64),
      newPassword: z.string().max(64).optional(),
      desk: z
        .string()
        .regex(/^[\w.-]{1,8}$/)
        .optional(),
    }),
  ],
  [
    'POST /api/contacts',
    z.strictObject({
      externalId: z.string().min(1).max(200),
      channel: z.enum(channels),
      number: z.string().min(1).max(40).optional(),
      place: place.optional(),
      narrative: z.string().max(400).optional(),
      occurredAt: z.int().min(946_684_800_000).max(1_900_000_000_000).optional(),
    }),
  ],
  ['POST /api/contacts/0190-1/abandoned', z.strictObject({})],
  ['POST /api/contacts/0190-2/ended', z.strictObject({ by: z.enum(['caller', 'handler']) })],
  ['POST /api/units/HT21/status', z.strictObject({ statusCode: z.int().min(0).max(16) })],
  [
    'POST /api/desks/enrol',
    z.strictObject({
      code: z.string().min(1).max(64),
      desk: z.string().regex(/^[\w.-]{1,64}$/),
      publicKey: z.string().min(1).max(400),
    }),
  ],
  [
    'POST /api/desks/grants',
    z.strictObject({
      desk: z.string().regex(/^[\w.-]{1,64}$/),
      grants: z.array(z.uuid()).max(400),
      signature: z.base64().min(1).max(200),
    }),
  ],
  [
    'POST /api/users',
    z.strictObject({
      name: z.string().regex(/^[\w.-]{2,32}$/),
      displayName: z.string().min(1).max(100),
      role,
    }),
  ],
  ['POST /api/users/disable', z.strictObject({ name: z.string().regex(/^[\w.-]{2,32}$/) })],
  [
    'POST /api/desks/codes',
    z.strictObject({
      desk: z
        .string()
        .regex(/^[\w.-]{1,64}$/)
        .optional(),
    }),
  ],
  ['POST /api/desks/revoke', z.strictObject({ desk: z.string().regex(/^[\w.-]{1,64}$/) })],
  ['POST /api/api-keys', z.strictObject({ name: z.string().min(2).max(100) })],
];
const paths = [
  '/api/contacts/%00/ended',
  '/api/contacts/%zz/ended',
  '/api/contacts/../../etc/passwd/ended',
  `/api/contacts/${'x'.repeat(150)}/ended`,
  '/api/units/%F0%9F%9A%A8/status',
  '//api/contacts',
  '/api/contacts?__proto__[x]=1',
  '/api/events?after=NaN',
  '/api/events?after=1&after=2',
  '/api/drafts?user=u-other',
  '/%',
  '*',
  'http://evil.example/api/contacts',
];
const types = [
  'application/json',
  'application/json; charset=utf-7',
  'text/plain',
  'application/xml',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  '',
  'application/json\t;;;',
];

/** A request as bytes, with whatever is wrong with it. */
function requestOf(
  dice: Random,
  host: string,
  secrets: readonly string[],
  body: Buffer,
  route: string,
) {
  const { pick, chance, below } = dice;
  const [method = 'POST', usual = '/'] = route.split(' ');
  const path = chance(0.08) ? (pick(paths) ?? '/') : usual;
  const [key = '', administrator = ''] = secrets;
  const isOutside = /contacts|units/.test(usual);
  const secret = chance(0.6) ? (isOutside ? key : administrator) : (pick(secrets) ?? '');
  const lines = [
    `${chance(0.05) ? pick(['PUT', 'OPTIONS', 'PROPFIND', 'post', 'GET']) : method} ${path} HTTP/1.1`,
    `host: ${chance(0.03) ? pick(['evil.example', '', 'localhost', `${host}.evil.example`]) : host}`,
    `content-type: ${chance(0.8) ? types[0] : pick(types)}`,
    ...(secret === '' ? [] : [`authorization: Bearer ${secret}`]),
    ...(chance(0.03)
      ? [`origin: ${pick(['null', 'https://evil.example', `http://${host}`])}`]
      : []),
    ...(chance(0.03) ? [`x-long: ${'y'.repeat(below(20_000))}`] : []),
    ...(chance(0.03) ? [`idempotency-key: ${'k'.repeat(below(400))}`] : []),
    ...(chance(0.02) ? ['expect: 100-continue'] : []),
    ...(chance(0.02) ? ['transfer-encoding: gzip'] : []),
    ...(chance(0.02) ? ['content-encoding: gzip'] : []),
    ...(chance(0.02) ? ['x\u0000y: 1'] : []),
    'connection: close',
  ];
  const isChunked = chance(0.2);
  const missing = chance(0.05) ? below(40) - 20 : 0;
  const sized = isChunked ? chunked(dice, body) : { bytes: body, isWhole: missing <= 0 };
  const size = isChunked
    ? 'transfer-encoding: chunked'
    : `content-length: ${Math.max(0, body.length + missing)}`;
  const head = Buffer.from(`${[...lines, size].join('\r\n')}\r\n\r\n`, 'latin1');
  const more = Buffer.from(chance(0.05) ? 'GET / HTTP/1.1\r\n\r\n' : '');
  return { bytes: Buffer.concat([head, sized.bytes, more]), isWhole: sized.isWhole };
}

/** In chunks, whose sizes are seldom told wrong; such a body is not whole, and may have no answer. */
function chunked({ chance, below, pick }: Random, body: Buffer) {
  const parts: Buffer[] = [];
  let isWhole = true;
  for (let at = 0; at < body.length;) {
    const size = 1 + below(5_000);
    const part = body.subarray(at, at + size);
    const isWrong = chance(0.02);
    const told = isWrong ? (pick(['zz', '-1', 'ffffffffff', '']) ?? '') : part.length.toString(16);
    parts.push(Buffer.from(`${told}\r\n`), part, Buffer.from('\r\n'));
    at += size;
    isWhole &&= !isWrong;
  }
  const isEnded = chance(0.95);
  parts.push(Buffer.from(isEnded ? '0\r\n\r\n' : '0\r\n'));
  return { bytes: Buffer.concat(parts), isWhole: isWhole && isEnded };
}

/** Sends bytes and reads what comes back until the server hangs up. What is not whole is followed by our end. */
async function exchange(
  port: number,
  { bytes, isWhole }: ReturnType<typeof requestOf>,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}); // the server may hang up on what it does not want to read
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (data) => (text += String(data)));
  socket.write(bytes);
  if (!isWhole) socket.end();
  await gone(socket);
  return text;
}

test(
  `${BODIES} spoilt requests: each is answered with a reason or with what it asked for, and the log is whole`,
  { timeout: 300_000 },
  async () => {
    const seed = hostileSeed('hostile requests');
    const dice = random(seed);
    using unhandled = new Unhandled();
    const running = await Running.start();
    await using _ = running;
    for (const name of ['administrator', 'call-handler'] as const)
      await running.addUser(name, name);
    const { accounts } = running.server;
    const { host, port } = new URL(running.url);
    const secrets = [
      accounts.addApiKey('telephony'),
      (await running.signIn('administrator')).token,
      accounts.addApiKey('cad'),
      (await running.signIn('call-handler')).token,
      '',
      'x'.repeat(43),
      'short',
    ];
    const samples = bodies.map(
      ([route, schema]) => [route, fc.sample(valuesOf(schema), { seed, numRuns: 60 })] as const,
    );
    const statuses = new Map<number, number>();
    const wrong: unknown[] = [];
    const stalls = new Stalls(`hostile requests, ${BODIES}`);
    let [sent, torn] = [0, 0];
    const work = async () => {
      while (sent < BODIES) {
        sent += 1;
        const [route, values] = dice.pick(samples) ?? samples[0] ?? ['', []];
        const body = spoilt(dice.pick(values), dice);
        const request = requestOf(dice, host, secrets, Buffer.from(body.data), route);
        const answer = (await exchange(Number(port), request)).replace(
          /^HTTP\/1.1 100 .*?\r\n\r\n/,
          '',
        );
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const told = answer.slice(answer.indexOf('\r\n\r\n') + 4);
        const hasReason = status < 400 || /^\{"reason":"[\w-]+","message":"/.test(told);
        const { bytes, isWhole } = request;
        if (!isWhole) torn += 1;
        if ((status === 0 && isWhole) || status >= 500 || !hasReason)
          wrong.push({
            route,
            what: body.what,
            status,
            told: told.slice(0, 200),
            asked: bytes.toString('latin1').slice(0, 300),
          });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    stalls.tell();
    expect({ seed, wrong: wrong.slice(0, 3), of: wrong.length }).toEqual({
      seed,
      wrong: [],
      of: 0,
    });
    const { harm, audit, events } = await afterAttack(running, unhandled);
    expect({ seed, harm }).toEqual({ seed, harm: [] });
    expect(events).toBeGreaterThan(20);
    expect(statuses.get(201) ?? 0).toBeGreaterThan(20);
    // Every one that was turned away for who it is, and no other, stands in the audit with its reason.
    const turnedAway = [
      'wrong-host',
      'foreign-origin',
      'not-signed-in',
      'unknown-key',
      'not-permitted',
    ];
    const rows = turnedAway.map((reason) => refusalsIn(audit, `refused ${reason}`));
    const due = [401, 403, 421].reduce((sum, status) => sum + (statuses.get(status) ?? 0), 0);
    const others = ['wrong-name-or-password', 'code-not-valid', 'not-enrolled'].map((reason) =>
      refusalsIn(audit, `refused ${reason}`),
    );
    // A body that does not come whole may be found out after the row and before the answer.
    const inAudit = [...rows, ...others].reduce((a, b) => a + b, 0);
    expect(inAudit).toBeGreaterThanOrEqual(due);
    expect(inAudit).toBeLessThanOrEqual(due + torn);
  },
);
