import { Buffer } from 'node:buffer';
import type { FileFault } from './file-fault.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const DEL = 0x7f;
const BOM = 0xfeff;

export interface LineLimits {
  readonly fileMaxBytes: number;
  readonly lineMaxBytes: number;
}

export interface CheckedLines {
  /** Whole lines that passed, together with their line ends, in the order of the file. */
  readonly lines: Buffer;
  /** What is wrong with the line after them. Nothing may be pushed after a fault. */
  readonly fault?: FileFault;
}

/**
 * Takes a file's bytes and gives back whole lines of sound UTF-8. It knows only what a damaged file
 * shows before any field is read: a broken character, a character that no text has, a quote that its
 * line does not close, a line or file beyond all measure.
 *
 * No field of the files we take spans lines. So a quote that is open at the end of its line was lost,
 * and is told where it stands, not where the next quote or the file happens to end.
 */
export class LineChecker {
  readonly #limits: LineLimits;
  /** The bytes of the line that has not ended yet. */
  #rest: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #line = 1;
  #lineBytes = 0;
  #column = 0;
  #character = 0;
  #isQuoted = false;
  #quoteColumn = 0;
  #previous = 0;
  /** Continuation bytes that the character still needs, and the bounds of the next one. */
  #needed = 0;
  #least = 0x80;
  #most = 0xbf;

  constructor(limits: LineLimits) {
    this.#limits = limits;
  }

  /** The line that is being read. */
  get line(): number {
    return this.#line;
  }

  push(chunk: Uint8Array): CheckedLines {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let end = 0;
    for (let at = this.#rest.length; at < bytes.length; at += 1) {
      const fault = this.#take(bytes[at] ?? 0);
      if (fault) return { lines: bytes.subarray(0, end), fault };
      if (bytes[at] === LF) end = at + 1;
    }
    this.#rest = bytes.subarray(end);
    return { lines: bytes.subarray(0, end) };
  }

  /** The last line, where no line end follows it. */
  end(): CheckedLines {
    const fault = this.#unfinished();
    return fault ? { lines: Buffer.alloc(0), fault } : { lines: this.#rest };
  }

  #unfinished(): FileFault | undefined {
    if (this.#bytes === 0) return this.#fault('empty', 'The file is empty.', 1);
    if (this.#needed > 0) return this.#notUtf8('ends within a character');
    if (this.#isQuoted) return this.#unclosed();
    if (this.#previous === CR) return this.#loneCr();
    return undefined;
  }

  #take(byte: number): FileFault | undefined {
    this.#bytes += 1;
    this.#lineBytes += 1;
    const { fileMaxBytes, lineMaxBytes } = this.#limits;
    if (this.#bytes > fileMaxBytes)
      return this.#tooLarge('file-too-large', `The file is larger than ${fileMaxBytes} bytes.`);
    if (this.#lineBytes > lineMaxBytes)
      return this.#tooLarge('line-too-long', `The line is longer than ${lineMaxBytes} bytes.`);

    if (this.#previous === CR && byte !== LF) return this.#loneCr();
    const wrong = this.#needed > 0 ? this.#continue(byte) : this.#begin(byte);
    if (wrong) return wrong;
    if (byte === LF) {
      if (this.#isQuoted) return this.#unclosed();
      this.#line += 1;
      this.#column = 0;
      this.#lineBytes = 0;
    } else if (byte === QUOTE) {
      // A quote straight after a closing one is half of a doubled quote: the field goes on.
      if (!this.#isQuoted && this.#previous !== QUOTE) this.#quoteColumn = this.#column;
      this.#isQuoted = !this.#isQuoted;
    }
    this.#previous = byte;
    return undefined;
  }

  #begin(byte: number): FileFault | undefined {
    this.#column += 1;
    if (byte < 0x80) {
      const isText = byte >= 0x20 ? byte !== DEL : byte === TAB || byte === LF || byte === CR;
      if (isText) return undefined;
      const code = byte.toString(16).padStart(2, '0');
      return this.#fault('control-character', `The character 0x${code} stands in no text.`);
    }
    this.#least = 0x80;
    this.#most = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) {
      this.#needed = 1;
      this.#character = byte & 0x1f;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      this.#needed = 2;
      this.#character = byte & 0x0f;
      if (byte === 0xe0) this.#least = 0xa0; // shorter spellings are forbidden
      if (byte === 0xed) this.#most = 0x9f; // half of a surrogate pair
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      this.#needed = 3;
      this.#character = byte & 0x07;
      if (byte === 0xf0) this.#least = 0x90;
      if (byte === 0xf4) this.#most = 0x8f; // beyond the last character there is
    } else {
      const isUtf16 = this.#bytes === 1 && (byte === 0xff || byte === 0xfe);
      return this.#notUtf8(isUtf16 ? 'seems to be UTF-16' : `has the byte 0x${byte.toString(16)}`);
    }
    return undefined;
  }

  #continue(byte: number): FileFault | undefined {
    if (byte < this.#least || byte > this.#most)
      return this.#notUtf8(
        `has the byte 0x${byte.toString(16).padStart(2, '0')} within a character`,
      );
    this.#least = 0x80;
    this.#most = 0xbf;
    this.#needed -= 1;
    this.#character = (this.#character << 6) | (byte & 0x3f);
    // A mark at the very start says UTF-8 and is no character of the first line.
    if (this.#needed === 0 && this.#character === BOM && this.#bytes === 3) this.#column = 0;
    return undefined;
  }

  #tooLarge(reason: FileFault['reason'], message: string): FileFault {
    // The byte that is one too many has not been counted as a character yet.
    return this.#fault(reason, message, this.#column + 1);
  }

  #notUtf8(what: string): FileFault {
    return this.#fault('not-utf-8', `The file is not UTF-8: it ${what}.`);
  }

  #unclosed(): FileFault {
    const message = 'A quote is opened here and not closed in its line.';
    return this.#fault('unclosed-quote', message, this.#quoteColumn);
  }

  #loneCr(): FileFault {
    return this.#fault('control-character', 'A carriage return stands without its line feed.');
  }

  #fault(reason: FileFault['reason'], message: string, column = Math.max(1, this.#column)) {
    return { line: this.#line, column, reason, message } as const;
  }
}
