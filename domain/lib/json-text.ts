/** Where something stands in a text; both from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export type JsonText =
  | {
      readonly outcome: 'read';
      readonly value: unknown;
      /** Where the value at a path stands, or the nearest thing around it that is there. */
      readonly at: (path: readonly PropertyKey[]) => TextPosition;
    }
  | ({ readonly outcome: 'malformed'; readonly message: string } & TextPosition);

const DEPTH_MAX = 64; // our files are five deep; a hostile one must not exhaust the stack

class Malformed extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Reads JSON as `JSON.parse` does and remembers where each value stands, so that an error in a file
 * can be told with its line. A key that stands twice is malformed: one of the two would be lost.
 */
export function readJson(text: string): JsonText {
  const offsets = new Map<string, number>();
  try {
    const value = new Reader(text, offsets).whole();
    const at = (path: readonly PropertyKey[]) => {
      for (let length = path.length; length > 0; length -= 1) {
        const offset = offsets.get(keyOf(path.slice(0, length)));
        if (offset !== undefined) return positionAt(text, offset);
      }
      return positionAt(text, offsets.get(keyOf([])) ?? 0);
    };
    return { outcome: 'read', value, at };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { outcome: 'malformed', message: error.message, ...positionAt(text, error.offset) };
  }
}

const keyOf = (path: readonly PropertyKey[]) => JSON.stringify(path.map(String));

function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

class Reader {
  readonly #text: string;
  readonly #offsets: Map<string, number>;
  #offset = 0;

  constructor(text: string, offsets: Map<string, number>) {
    this.#text = text;
    this.#offsets = offsets;
  }

  whole(): unknown {
    const value = this.#value([]);
    this.#skipSpace();
    if (this.#offset < this.#text.length) throw this.#unexpected('the end of the file');
    return value;
  }

  #value(path: readonly string[]): unknown {
    this.#skipSpace();
    if (path.length > DEPTH_MAX) throw new Malformed(`deeper than ${DEPTH_MAX}`, this.#offset);
    this.#offsets.set(keyOf(path), this.#offset);
    const next = this.#text[this.#offset];
    if (next === '{') return this.#object(path);
    if (next === '[') return this.#array(path);
    if (next === '"') return this.#string();
    const literal = this.#match(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y);
    if (literal === undefined) throw this.#unexpected('a value');
    return JSON.parse(literal) as unknown;
  }

  #object(path: readonly string[]): object {
    const entries = new Map<string, unknown>();
    this.#list('}', () => {
      this.#skipSpace();
      const at = this.#offset;
      if (this.#text[at] !== '"') throw this.#unexpected('a key in quotes');
      const key = this.#string();
      if (entries.has(key)) throw new Malformed(`the key "${key}" stands twice`, at);
      this.#skipSpace();
      if (this.#text[this.#offset] !== ':') throw this.#unexpected('a colon');
      this.#offset += 1;
      entries.set(key, this.#value([...path, key]));
      // An error in a field is told where the field begins.
      this.#offsets.set(keyOf([...path, key]), at);
    });
    return Object.fromEntries(entries);
  }

  #array(path: readonly string[]): readonly unknown[] {
    const values: unknown[] = [];
    this.#list(']', () => values.push(this.#value([...path, String(values.length)])));
    return values;
  }

  #list(end: '}' | ']', readOne: () => void) {
    this.#offset += 1;
    this.#skipSpace();
    if (this.#text[this.#offset] === end) {
      this.#offset += 1;
      return;
    }
    for (;;) {
      readOne();
      this.#skipSpace();
      const next = this.#text[this.#offset];
      if (next !== ',' && next !== end) throw this.#unexpected(`a comma or ${end}`);
      this.#offset += 1;
      if (next === end) return;
    }
  }

  #string(): string {
    const at = this.#offset;
    // Escapes are judged by JSON.parse; control characters end the token, so a lost quote shows here.
    // eslint-disable-next-line no-control-regex
    const token = this.#match(/"(?:[^"\\\u0000-\u001f]|\\.)*"/y);
    if (token === undefined) throw new Malformed('a text without its closing quote', at);
    try {
      return JSON.parse(token) as string;
    } catch {
      // The token has its quotes, so only an escape can be wrong.
      throw new Malformed('a text with an unknown escape', at);
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    this.#offset += found?.length ?? 0;
    return found;
  }

  #skipSpace() {
    this.#match(/[ \t\r\n]*/y);
  }

  #unexpected(wanted: string): Malformed {
    const found = this.#text[this.#offset];
    const what = found === undefined ? 'the file ends' : `"${found}" stands`;
    return new Malformed(`${what} where ${wanted} was expected`, this.#offset);
  }
}
