import type { DraftContent } from '#protocol/draft.ts';
import type { DraftRow } from '#protocol/view.ts';

export type Fields = Readonly<Record<string, string>>;
export interface Caret {
  readonly field: string;
  readonly start: number;
  readonly end: number;
}

/** What an operator is typing about one thing. Never lost: each change is a revision that the desk keeps. */
export interface Pad {
  readonly draftId: string;
  readonly about: string;
  readonly fields: Fields;
  readonly caret: Caret | undefined;
  /** Rises with every key. */
  readonly revision: number;
  /** The last revision given to the line, and the last one on the desk's disk. */
  readonly sentRevision: number;
  readonly storedRevision: number;
}

export const FIELD_LENGTH_MAX = 4_000; // what the record takes of one text
const emptyFields: Fields = {};

export const newPad = (draftId: string, about: string, fields: Fields = emptyFields): Pad => ({
  draftId,
  about,
  fields,
  caret: undefined,
  revision: 0,
  sentRevision: 0,
  storedRevision: 0,
});

/** One key: the field as it is now, and where the caret stands. */
export function edit(pad: Pad, field: string, value: string, caret?: Caret): Pad {
  return {
    ...pad,
    fields: { ...pad.fields, [field]: value },
    caret: caret ?? pad.caret,
    revision: pad.revision + 1,
  };
}

/** A caret that has not moved is no revision; an untouched pad keeps no caret on the desk's disk. */
export function moveCaret(pad: Pad, caret: Caret): Pad {
  const { caret: was } = pad;
  const hasMoved = was?.field !== caret.field || was.start !== caret.start || was.end !== caret.end;
  return hasMoved ? { ...pad, caret, revision: pad.revision + (isBlank(pad) ? 0 : 1) } : pad;
}

/** What the desk kept, laid under what is on this screen: an older revision never replaces a newer one. */
export function adopt(pad: Pad | undefined, { id, revision, content }: DraftRow): Pad {
  if (pad && pad.revision >= revision)
    return { ...pad, storedRevision: Math.max(pad.storedRevision, revision) };
  return {
    draftId: id,
    about: content.about,
    fields: content.fields,
    caret: content.caret,
    revision,
    sentRevision: revision,
    storedRevision: revision,
  };
}

export const sent = (pad: Pad): Pad => ({ ...pad, sentRevision: pad.revision });
export const stored = (pad: Pad, revision: number): Pad =>
  revision > pad.storedRevision ? { ...pad, storedRevision: revision } : pad;

/** What a lost line may have lost is sent once more. */
export const unsent = (pad: Pad): Pad => ({ ...pad, sentRevision: pad.storedRevision });

export const needsSaving = (pad: Pad) => pad.revision > pad.sentRevision;

/** Nothing that anybody typed. */
export const isBlank = (pad: Pad | undefined) =>
  pad === undefined ||
  Object.entries(pad.fields).every(([name, value]) => value === '' || name.startsWith('_'));

export function contentOf({ about, fields, caret }: Pad): DraftContent {
  return { about, fields: { ...fields }, ...(caret && { caret }) };
}

/** What was typed into a text, wherever the caret stood; undefined where more than that was changed. */
export function typedInto(before: string, after: string): string | undefined {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  const rest = before.slice(same);
  const isWhole = after.length >= before.length && after.slice(same).endsWith(rest);
  return isWhole ? after.slice(same, after.length - rest.length) : undefined;
}

/** Two texts in one, with a space where neither has one. */
export const joined = (left: string, right: string) =>
  left === '' || right === '' || /\s$/.test(left) || /^\s/.test(right)
    ? left + right
    : `${left} ${right}`;
