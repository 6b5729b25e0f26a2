import type { Readable, Writable } from 'node:stream';

/** Where secrets are read from: a terminal, whose echo is put off meanwhile, or lines that were piped in. */
export interface SecretPorts {
  readonly input: Readable & {
    readonly isTTY?: boolean;
    setRawMode?: (isRaw: boolean) => unknown;
  };
  readonly output: Writable;
}

const LINE_MAX = 1_024; // four times the longest password

/** The person has pressed Ctrl-C or Ctrl-D. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/** Reads one secret after another. Nothing of what is typed is shown, and a line is read only once. */
export class Secrets {
  readonly #ports: SecretPorts;
  readonly #lines: string[] = [];
  #line = '';
  #isAtEnd = false;
  #wake = Promise.withResolvers<void>();

  constructor(ports: SecretPorts) {
    this.#ports = ports;
    ports.input.setEncoding('utf8'); // a letter of several bytes may come in two pieces
  }

  /** Whether a person sits there, who can be asked again. */
  get isAsked(): boolean {
    return this.#ports.input.isTTY === true;
  }

  /** The next line, or undefined where there is none. */
  async next(question: string): Promise<string | undefined> {
    const { input, output } = this.#ports;
    if (this.#lines.length === 0 && !this.#isAtEnd) {
      const hear = (chunk: Buffer | string) => this.#hear(String(chunk));
      const end = () => this.#end();
      if (this.isAsked) {
        output.write(`${question}: `);
        input.setRawMode?.(true);
      }
      input.on('data', hear).once('end', end).once('error', end);
      input.resume();
      try {
        while (this.#lines.length === 0 && !this.#isAtEnd) {
          await this.#wake.promise;
          this.#wake = Promise.withResolvers();
        }
      } finally {
        input.pause();
        input.off('data', hear).off('end', end).off('error', end);
        if (this.isAsked) {
          input.setRawMode?.(false);
          output.write('\n');
        }
      }
    }
    const line = this.#lines.shift();
    if (line === GIVEN_UP) throw new GivenUp('nothing was done');
    return line;
  }

  #hear(text: string): void {
    for (const key of text) {
      if (this.isAsked && (key === '\u0003' || key === '\u0004')) this.#lines.push(GIVEN_UP);
      else if (this.isAsked && (key === '\u007f' || key === '\b'))
        this.#line = Array.from(this.#line).slice(0, -1).join('');
      else if (key === '\n' || (this.isAsked && key === '\r')) {
        this.#lines.push(this.#line.replace(/\r$/, '')); // a file from Windows
        this.#line = '';
      } else if (this.#line.length < LINE_MAX) this.#line += key;
    }
    this.#wake.resolve();
  }

  #end(): void {
    if (this.#line !== '') this.#lines.push(this.#line);
    this.#isAtEnd = true;
    this.#wake.resolve();
  }
}

const GIVEN_UP = '\u0003';
