import { commands } from '#domain/commands.ts';
import type { Grade } from '#domain/facts.ts';
import type { ContactRow, IncidentRow, UnitRow } from '#protocol/view.ts';
import { callerText, channelWords, choices } from './form.ts';
import {
  free,
  impossible,
  incidentIn,
  incomplete,
  numberOf,
  onDuty,
  OPTIONS_MAX,
  readIncident,
  readUnit,
  ready,
  said,
  splitLine,
  statusName,
  targetOf,
  unitIn,
  unitOption,
  type Floor,
  type Meaning,
  type Option,
  type Order,
  type Verb,
} from './line-grammar.ts';

/*
 * One line: `verb target target … free text`. It says in plain words what it would do before Enter,
 * and never guesses between two. Verbs are 1 to 3 letters, case does not matter.
 *
 *     d 412 HT21 HT22        assign both to the incident whose number is 0412 ("." is the selected one)
 *     c HT21 arrest one male HT21 is clear, its incident has that result
 */

const assign: Verb = {
  form: 'd INCIDENT UNIT UNIT…',
  does: 'assign units',
  read: (words, floor) => {
    const { target, from } = targetOf(words, floor);
    if ('meaning' in target) return target.meaning;
    const incident = target.found;
    if (incident.closedAt !== undefined) return impossible(`${said(incident)} is closed`);
    const typed = words
      .slice(from)
      .filter((word, index, all) => word !== '' || index < all.length - 1);
    if (typed.length === 0)
      return incomplete(
        `Assign which units to ${said(incident)}?`,
        free(floor).map(unitOption(floor)),
      );
    const units: UnitRow[] = [];
    for (const word of typed) {
      const read = unitIn(word, floor, free(floor));
      if ('meaning' in read) return read.meaning;
      const unit = read.found;
      if (!unit.isOnDuty) return impossible(`${unit.id} is off duty: book it on first`);
      if (unit.incidentId === incident.id) return impossible(`${unit.id} is on it already`);
      if (unit.incidentId !== undefined)
        return impossible(`${unit.id} is on ${numberOf(unit.incidentId)}: release it first`);
      if (!units.includes(unit)) units.push(unit);
    }
    return ready(
      `Assign ${units.map(({ id }) => id).join(', ')} to ${said(incident)}`,
      units.map(({ id }) => ({
        type: 'assign-unit',
        body: { incidentId: incident.id, unitId: id },
      })),
    );
  },
};

const statusVerb = (statusCode: number, form: string, does: string): Verb => ({
  form,
  does,
  read: (words, floor) => {
    const offered = onDuty(floor).filter(({ incidentId }) => incidentId !== undefined);
    const units: UnitRow[] = [];
    const typed = words.filter((word, index) => word !== '' || index < words.length - 1);
    if (typed.length === 0) return incomplete('Which units?', offered.map(unitOption(floor)));
    for (const word of typed) {
      const read = unitIn(word, floor, offered);
      if ('meaning' in read) return read.meaning;
      if (!read.found.isOnDuty) return impossible(`${read.found.id} is off duty`);
      units.push(read.found);
    }
    const on = units.map(({ id, incidentId }) =>
      incidentId === undefined ? id : `${id} (${numberOf(incidentId)})`,
    );
    return ready(
      `${on.join(', ')}: ${statusCode} ${statusName(statusCode, floor)}`,
      units.map(({ id }) => ({ type: 'set-unit-status', body: { unitId: id, statusCode } })),
    );
  },
});

const setStatus: Verb = {
  form: 's UNIT CODE',
  does: 'set a status',
  read: ([first, second], floor) => {
    const target = unitIn(first, floor, onDuty(floor));
    if ('meaning' in target) return target.meaning;
    const { id, incidentId, isOnDuty } = target.found;
    const rows = floor.reference?.unitStatuses.rows ?? [];
    const typed = (second ?? '').toLowerCase();
    const options = rows
      .filter(
        ({ code, name }) => String(code).startsWith(typed) || name.toLowerCase().startsWith(typed),
      )
      .map(({ code, name }) => ({ insert: String(code), name }));
    if (typed === '') return incomplete(`Which status for ${id}?`, options);
    const code = /^\d{1,2}$/.test(typed)
      ? rows.find((row) => row.code === Number(typed))
      : options.length === 1
        ? rows.find((row) => String(row.code) === options[0]?.insert)
        : undefined;
    if (!code)
      return options.length > 1
        ? incomplete('Which of these?', options)
        : impossible(`No status ${typed}`);
    if (!isOnDuty && code.code !== 0) return impossible(`${id} is off duty: book it on first`);
    const leaves =
      incidentId !== undefined && (code.code === 2 || code.code === 11)
        ? `, leaving ${numberOf(incidentId)}`
        : '';
    return ready(
      `${id}: ${code.code} ${code.name}${leaves}`,
      [{ type: 'set-unit-status', body: { unitId: id, statusCode: code.code } }],
      code.code === 0,
    );
  },
};

const clear: Verb = {
  form: 'c UNIT… or INCIDENT RESULT text',
  does: 'clear with a result',
  read: (words, floor, rest) => {
    const committed = onDuty(floor).filter(({ incidentId }) => incidentId !== undefined);
    const units: UnitRow[] = [];
    let incident: IncidentRow | undefined;
    let next = 0;
    const [first = ''] = words;
    if (first === '.' || /^\d{3,5}$/.test(first) || first.includes('-')) {
      const read = incidentIn(first, floor);
      if ('meaning' in read) return read.meaning;
      incident = read.found;
      next = 1;
    } else {
      for (const word of words) {
        const read = word === '' ? ({ none: true } as const) : readUnit(word, floor);
        if (!('found' in read)) break;
        units.push(read.found);
        next += 1;
      }
      if (units.length === 0) {
        const target = unitIn(words[0], floor, committed);
        return 'meaning' in target ? target.meaning : incomplete('Which unit?');
      }
      const ids = new Set(units.map(({ incidentId }) => incidentId));
      const [id] = ids;
      if (ids.size > 1 || id === undefined)
        return impossible(
          id === undefined && ids.size === 1
            ? `${units.map((unit) => unit.id).join(', ')} is on no incident`
            : 'They are not on one incident: clear them one by one',
        );
      incident = floor.incidents.get(id);
      if (!incident) return impossible(`${id} is not on record here`);
    }
    if (incident.closedAt !== undefined) return impossible(`${said(incident)} is closed`);
    const rows = floor.reference?.results.rows ?? [];
    const typed = words[next] ?? '';
    const options = choices(rows, typed, OPTIONS_MAX).map(({ code, name }) => ({
      insert: code,
      name,
    }));
    const who =
      units.length === 0
        ? said(incident)
        : `${units.map(({ id }) => id).join(', ')} from ${said(incident)}`;
    if (typed === '') return incomplete(`Clear ${who} with which result?`, options);
    const result = rows.find(({ code }) => code === typed.toLowerCase());
    const only =
      result ??
      (options.length === 1 ? rows.find(({ code }) => code === options[0]?.insert) : undefined);
    if (!only)
      return options.length > 0
        ? incomplete('Which of these results?', options)
        : impossible(`No result ${typed}`);
    const text = rest(next + 1);
    if (text === '' && only.asksFor !== null) return incomplete(`${only.name}: ${only.asksFor}?`);
    return ready(
      `${units.length === 0 ? 'Result of' : 'Clear'} ${who}: ${only.name}${text === '' ? '' : `, “${text}”`}`,
      [
        {
          type: 'result-incident',
          body: { incidentId: incident.id, result: only.code, ...(text !== '' && { text }) },
        },
        ...units.map(({ id }): Order => ({
          type: 'release-unit',
          body: { incidentId: incident.id, unitId: id },
        })),
      ],
    );
  },
};

const release: Verb = {
  form: 'u UNIT…',
  does: 'release without a result',
  read: (words, floor) => {
    const committed = onDuty(floor).filter(({ incidentId }) => incidentId !== undefined);
    const typed = words.filter((word, index) => word !== '' || index < words.length - 1);
    if (typed.length === 0)
      return incomplete('Release which units?', committed.map(unitOption(floor)));
    const orders: Order[] = [];
    const named: string[] = [];
    for (const word of typed) {
      const read = unitIn(word, floor, committed);
      if ('meaning' in read) return read.meaning;
      const { id, incidentId } = read.found;
      if (incidentId === undefined) return impossible(`${id} is on no incident`);
      orders.push({ type: 'release-unit', body: { unitId: id, incidentId } });
      named.push(`${id} from ${numberOf(incidentId)}`);
    }
    return ready(`Release ${named.join(', ')}; free again`, orders);
  },
};

const gradeWords = {
  1: 'Immediate',
  2: 'Priority',
  3: 'Scheduled',
  4: 'Resolution without deployment',
};

const regrade: Verb = {
  form: 'g INCIDENT 1-4 reason',
  does: 'change the grade',
  read: (words, floor, rest) => {
    const isShort = /^[1-4]$/.test(words[0] ?? '') && floor.selectedIncident !== undefined;
    const target = incidentIn(isShort ? '.' : words[0], floor);
    if ('meaning' in target) return target.meaning;
    const from = isShort ? 0 : 1;
    const incident = target.found;
    if (incident.closedAt !== undefined) return impossible(`${said(incident)} is closed`);
    const options = ([1, 2, 3, 4] as const).map((grade) => ({
      insert: String(grade),
      name: gradeWords[grade],
    }));
    const typed = words[from] ?? '';
    if (typed === '')
      return incomplete(`${said(incident)}, grade ${incident.grade}: which grade?`, options);
    const grade = ([1, 2, 3, 4] as const).find((it) => String(it) === typed) satisfies
      | Grade
      | undefined;
    if (grade === undefined) return impossible(`No grade ${typed}`, options);
    if (grade === incident.grade) return impossible(`It is grade ${grade} already`);
    const reason = rest(from + 1);
    const meaning = `${said(incident)}: grade ${incident.grade} to ${grade} ${gradeWords[grade]}`;
    if (reason === '') return incomplete(`${meaning}. Why?`);
    return ready(`${meaning}, “${reason}”`, [
      { type: 'regrade-incident', body: { incidentId: incident.id, grade, reason } },
    ]);
  },
};

const note: Verb = {
  form: 't INCIDENT text',
  does: 'write in the log',
  read: (words, floor, rest) => {
    const target = incidentIn(words[0], floor);
    if ('meaning' in target) return target.meaning;
    const text = rest(1);
    if (text === '') return incomplete(`Write what in the log of ${said(target.found)}?`);
    return ready(`In the log of ${said(target.found)}: “${text}”`, [
      { type: 'add-log-entry', body: { incidentId: target.found.id, text } },
    ]);
  },
};

const close: Verb = {
  form: 'x INCIDENT CODE',
  does: 'close',
  read: (words, floor) => {
    const isShort =
      /^[a-z]{1,3}$/i.test(words[0] ?? '') &&
      words.length === 1 &&
      floor.selectedIncident !== undefined;
    const target = incidentIn(isShort ? '.' : words[0], floor);
    if ('meaning' in target) return target.meaning;
    const incident = target.found;
    if (incident.closedAt !== undefined) return impossible(`${said(incident)} is closed already`);
    const typed = (isShort ? words[0] : words[1]) ?? '';
    const rows = floor.reference?.openingCodes.rows ?? [];
    const options = choices(rows, typed, OPTIONS_MAX).map(({ code, name }) => ({
      insert: code,
      name,
    }));
    const opened = `${said(incident)}, opened as ${incident.openingCode}`;
    if (typed === '') return incomplete(`Close ${opened}, as which code?`, options);
    const row = rows.find(({ code }) => code === typed.toUpperCase());
    if (!row)
      return options.length > 0
        ? incomplete('Which of these codes?', options)
        : impossible(`No closing code ${typed}`);
    const left = incident.units.map(({ id }) => id);
    const also = left.length === 0 ? '' : `; this releases ${left.join(', ')}`;
    const noResult = incident.result === undefined ? '; it has no result yet' : '';
    return ready(
      `Close ${opened}, as ${row.code} ${row.name}${also}${noResult}`,
      [{ type: 'close-incident', body: { incidentId: incident.id, closingCode: row.code } }],
      true,
    );
  },
};

const reopen: Verb = {
  form: 'ro INCIDENT reason',
  does: 'reopen',
  read: (words, floor, rest) => {
    const target = incidentIn(words[0], floor);
    if ('meaning' in target) return target.meaning;
    const incident = target.found;
    if (incident.closedAt === undefined) return impossible(`${said(incident)} is open`);
    const reason = rest(1);
    if (reason === '') return incomplete(`Reopen ${said(incident)}. Why?`);
    return ready(`Reopen ${said(incident)}: “${reason}”`, [
      { type: 'reopen-incident', body: { incidentId: incident.id, reason } },
    ]);
  },
};

const find: Verb = {
  form: 'f number, reference or words',
  does: 'find',
  read: (_words, _floor, rest) => {
    const text = rest(0);
    if (text === '')
      return incomplete('Find what? A telephone number, a reference, words of a place');
    return { state: 'find', words: `Find “${text}”`, options: [], text };
  },
};

const accept: Verb = {
  form: 'k INCIDENT',
  does: 'accept a hand-over; alone: the most urgent',
  read: ([first = ''], floor) => {
    const waiting = [...floor.handovers.values()]
      .filter(({ accepted }) => !accepted)
      .toSorted((left, right) => left.deadlineAt - right.deadlineAt);
    const options = waiting.map((row) => ({
      insert: numberOf(row.incidentId),
      name: `Grade ${row.grade} from ${row.from.desk}`,
    }));
    if (waiting.length === 0) return impossible('No hand-over waits to be accepted');
    const incident = first === '' ? undefined : readIncident(first, floor);
    if (incident && !('found' in incident)) return impossible(`No incident ${first} here`, options);
    const row = incident
      ? waiting.find(({ incidentId }) => incidentId === incident.found.id)
      : waiting[0];
    if (!row) return impossible(`No hand-over of ${first} waits`, options);
    return {
      ...ready(`Accept ${numberOf(row.incidentId)}, grade ${row.grade}, from ${row.from.desk}`, [
        { type: 'accept-handover', body: { handoverId: row.id } },
      ]),
      options,
    };
  },
};

const link: Verb = {
  form: 'l INCIDENT NUMBER',
  does: 'link a contact by the end of its number',
  read: (words, floor) => {
    const { target, from } = targetOf(words.length > 1 ? words : [words[0] ?? ''], floor);
    if ('meaning' in target) return target.meaning;
    const incident = target.found;
    const rows = [...floor.contacts.values()]
      .filter(
        ({ state, incidentIds }) => state !== 'finished' && !incidentIds.includes(incident.id),
      )
      .toSorted((left, right) => right.offeredAt - left.offeredAt);
    const keyOf = (row: ContactRow) =>
      row.caller?.kind === 'number' ? row.caller.number.slice(-6) : row.id.slice(-6);
    const options = rows.map((row) => ({
      insert: keyOf(row),
      name: `${channelWords[row.channel]} ${callerText(row)} ${row.details.place?.text ?? ''}`.trim(),
    }));
    const typed = words[from] ?? '';
    if (typed === '') return incomplete(`Link which contact to ${said(incident)}?`, options);
    const fit = rows.filter(
      (row) =>
        row.id.endsWith(typed) ||
        (row.caller?.kind === 'number' && row.caller.number.endsWith(typed)),
    );
    const [only] = fit;
    if (only === undefined) return impossible(`No open contact ends in ${typed}`, options);
    if (fit.length > 1)
      return impossible(`${typed} fits ${fit.length} contacts: type more`, options);
    return ready(`Link ${channelWords[only.channel]} ${callerText(only)} to ${said(incident)}`, [
      { type: 'attach-contact', body: { contactId: only.id, incidentId: incident.id } },
    ]);
  },
};

const bookOn: Verb = {
  form: 'on UNIT officer, officer',
  does: 'book on',
  read: (words, floor, rest) => {
    const callSign = (words[0] ?? '').toUpperCase();
    if (callSign === '') return incomplete('Book which unit on? Its call sign');
    if (!/^[A-Z0-9]{2,8}$/.test(callSign)) return impossible(`${callSign} is no call sign`);
    if (floor.units.get(callSign)?.isOnDuty) return impossible(`${callSign} is on duty already`);
    const officers = rest(1)
      .split(/[,;]/)
      .map((name) => name.trim())
      .filter((name) => name !== '');
    if (officers.length === 0) return incomplete(`Book ${callSign} on with which officers?`);
    return ready(`Book ${callSign} on: ${officers.join(', ')}`, [
      { type: 'book-on-unit', body: { unitId: callSign, officers, skills: [] } },
    ]);
  },
};

const bookOff: Verb = {
  form: 'off UNIT',
  does: 'book off',
  read: ([first], floor) => {
    const target = unitIn(first, floor, onDuty(floor));
    if ('meaning' in target) return target.meaning;
    const { id, isOnDuty, incidentId } = target.found;
    if (!isOnDuty) return impossible(`${id} is off duty already`);
    const leaves = incidentId === undefined ? '' : `, leaving ${numberOf(incidentId)}`;
    return ready(
      `Book ${id} off${leaves}`,
      [{ type: 'book-off-unit', body: { unitId: id } }],
      leaves !== '',
    );
  },
};

const own: Verb = {
  form: 'own UNIT',
  does: 'own an emergency; alone: the oldest',
  read: ([first = ''], floor) => {
    const standing = [...floor.units.values()].filter(({ emergency }) => emergency !== undefined);
    if (standing.length === 0) return impossible('No emergency stands');
    const unit =
      first === ''
        ? standing.find(({ emergency }) => emergency?.owner === undefined)
        : standing.find(({ id }) => id === first.toUpperCase());
    if (!unit)
      return impossible(first === '' ? 'Every emergency is owned' : `${first} has no emergency`);
    if (unit.emergency?.owner) return impossible(`${unit.emergency.owner.name} owns it already`);
    return ready(`Own the emergency of ${unit.id}, by your name`, [
      { type: 'own-emergency', body: { unitId: unit.id } },
    ]);
  },
};

const standDown: Verb = {
  form: 'sd UNIT reason',
  does: 'stand an emergency down',
  read: (words, floor, rest) => {
    const standing = [...floor.units.values()].filter(({ emergency }) => emergency !== undefined);
    const target = unitIn(words[0], floor, standing);
    if ('meaning' in target) return target.meaning;
    if (!target.found.emergency) return impossible(`${target.found.id} has no emergency`);
    const reason = rest(1);
    if (reason === '') return incomplete(`Stand the emergency of ${target.found.id} down. Why?`);
    return ready(
      `Stand the emergency of ${target.found.id} down: “${reason}”`,
      [{ type: 'stand-down-emergency', body: { unitId: target.found.id, reason } }],
      true,
    );
  },
};

/** Every verb with its form, in the order in which `?` lists them. */
export const verbs = {
  d: assign,
  e: statusVerb(5, 'e UNIT…', 'en route'),
  a: statusVerb(6, 'a UNIT…', 'at scene'),
  c: clear,
  s: setStatus,
  u: release,
  g: regrade,
  t: note,
  x: close,
  ro: reopen,
  k: accept,
  l: link,
  f: find,
  on: bookOn,
  off: bookOff,
  own,
  sd: standDown,
} as const satisfies Readonly<Record<string, Verb>>;

const help: readonly Option[] = Object.entries(verbs).map(([name, { form, does }]) => ({
  insert: name,
  name: `${form}: ${does}`,
}));

/** What the line means against what is on screen now. Pure: nothing is sent by reading it. */
export function readLine(text: string, floor: Floor): Meaning {
  const line = splitLine(text);
  if (!line) return { state: 'empty', words: 'Type a verb; ? lists them', options: [] };
  const { words, rest } = line;
  const key = line.verb.toLowerCase();
  if (key === '?') return { state: 'empty', words: 'What this line understands', options: help };
  if (!Object.hasOwn(verbs, key)) {
    const like = help.filter(({ insert }) => insert.startsWith(key));
    return like.length > 0
      ? incomplete(`Which of these?`, like)
      : impossible(`No verb ${line.verb}; ? lists them`, help);
  }
  const verb: Verb = verbs[key as keyof typeof verbs]; // one of its own keys, just asked
  if (words[0] === '?') return incomplete(`${verb.form}: ${verb.does}`);
  const meaning = verb.read(words, floor, rest);
  if (meaning.state !== 'ready') return meaning;
  // What the record would not take is red before Enter, not refused after it.
  for (const { type, body } of meaning.orders) {
    const issue = commands[type].body.safeParse(body).error?.issues[0];
    if (issue) return impossible(`${issue.path.join('.')}: ${issue.message}`);
  }
  return meaning;
}
