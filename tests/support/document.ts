import { Holdfast, isRunning, runHoldfast } from './holdfast.ts';

/** Of a test that runs a whole page: each command is a process, and a busy machine takes seconds for one. */
export const PAGE_MAX_MS = 300_000;

type Value = string | number;
export type Equal = (actual: unknown, promised: unknown) => void;

/** A block of a document: its language, what stands behind that on its first line, and what is in it. */
export interface Block {
  readonly language: string;
  readonly about: string;
  readonly content: string;
}

/** Every fenced block of a page of Markdown, in order. Throws where a fence has no other end. */
export function blocksOf(text: string): readonly Block[] {
  const blocks = [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)\n```$/gms)].map(
    ([, language = '', about = '', content = '']) => ({ language, about, content }),
  );
  const fences = text.match(/^```/gm)?.length ?? 0;
  if (blocks.length * 2 !== fences) throw new Error('a block has no language or no end');
  return blocks;
}

/** What the names in angle brackets stand for. The first time a name is met it takes its value. */
export class Names {
  readonly #values = new Map<string, Value>();

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  get(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`<${name}> has no value yet`);
    return value;
  }

  fill(template: string): string {
    return template.replaceAll(/<(\w+)>/g, (_all, name: string) => String(this.get(name)));
  }

  /** The value that the document promises, given what has come: a new name takes it, a known one stays. */
  promised(template: string, actual: unknown): unknown {
    const marked = template
      .replaceAll(/"<(\w+)>"/g, '"@string $1"')
      .replaceAll(/<(\w+)>/g, '"@number $1"');
    return this.#resolve(JSON.parse(marked), actual);
  }

  /** The words that the document promises, given those that have come; a name stands for one word. */
  promisedWords(template: string, actual: string): string {
    const parts = template.split(/<(\w+)>/);
    const pattern = parts
      .map((part, at) => (at % 2 === 0 ? RegExp.escape(part) : `(?<n${at}>\\S+)`))
      .join('');
    const found = new RegExp(`^${pattern}$`).exec(actual)?.groups;
    if (!found) return this.#filled(template);
    for (const [at, name] of parts.entries())
      if (at % 2 === 1 && !this.#values.has(name)) this.set(name, found[`n${at}`] ?? '');
    return this.fill(template);
  }

  /** As far as the names are known. */
  #filled(template: string): string {
    return template.replaceAll(/<(\w+)>/g, (all, name: string) =>
      String(this.#values.get(name) ?? all),
    );
  }

  #resolve(template: unknown, actual: unknown): unknown {
    if (typeof template === 'string') {
      const [, type, name] = /^@(string|number) (\w+)$/.exec(template) ?? [];
      if (type === undefined || name === undefined) return template;
      const known = this.#values.get(name);
      if (known !== undefined) return known;
      if (typeof actual !== type) return `a ${type}, <${name}>`;
      this.set(name, actual as Value); // just checked
      return actual;
    }
    if (typeof template !== 'object' || template === null) return template;
    const parts = (actual ?? {}) as Record<string, unknown>; // what is missing shows as such
    const entries = Object.entries(template).map(
      ([key, value]) => [key, this.#resolve(value, parts[key])] as const,
    );
    return Array.isArray(template)
      ? entries.map(([, value]) => value)
      : Object.fromEntries(entries);
  }
}

/** What stands under a command where it goes on until somebody ends it. */
const INTERRUPT = '^C';
const longLived = new Set(['serve', 'demo', 'desk']);

/**
 * Runs the `holdfast` commands of a document in their order, and compares what they print with what stands
 * under them. A server or desk goes on until another one takes its place, or `^C` stands under it. A
 * command ends with code 0 unless `echo $?` comes next.
 */
export class ConsoleReader implements AsyncDisposable {
  readonly #names: Names;
  readonly #equal: Equal;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #running = new Map<string, Holdfast>();
  #ran = 0;
  #url = '';
  #code: number | null = 0;

  constructor(names: Names, equal: Equal, environment: NodeJS.ProcessEnv = {}) {
    this.#names = names;
    this.#equal = equal;
    this.#environment = environment;
  }

  /** How many commands have been run. */
  get ran(): number {
    return this.#ran;
  }

  /** Where the last server answers that printed it as JSON. */
  get url(): string {
    return this.#url;
  }

  async read(content: string): Promise<void> {
    const parts = content.split(/^\$ /m).filter(Boolean);
    for (const [at, part] of parts.entries()) {
      const [line = '', ...output] = part.trimEnd().split('\n');
      this.#ran += 1;
      if (line === 'echo $?') this.#equal(String(this.#code), output.join('\n'));
      else await this.#command(line, output.join('\n'), parts[at + 1]?.startsWith('echo $?'));
    }
  }

  async #command(line: string, output: string, mayFail = false): Promise<void> {
    const [before = '', lines = ''] = line.split(' < ');
    const words = [...before.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, bare]) => quoted ?? bare ?? '',
    );
    const [program, ...args] = words.map((word) => this.#names.fill(word));
    this.#equal(program, 'holdfast');
    const [command = ''] = args;
    if (longLived.has(command)) return this.#begin(command, args, output);
    const stdin = lines.split(' ').map((word) => `${this.#names.fill(word)}\n`);
    const ended = await runHoldfast(args, stdin.join(''), this.#environment);
    this.#code = ended.code;
    if (!mayFail && ended.code !== 0) this.#equal(`${ended.code}: ${ended.stderr}`, `0: ${line}`);
    if (output !== '') this.#compare(args, ended.stdout || ended.stderr, output);
  }

  async #begin(command: string, args: readonly string[], output: string): Promise<void> {
    // A desk goes on beside its server; a server takes the place of the one before it.
    await this.#stop(command);
    if (command !== 'desk') await this.#stop(command === 'serve' ? 'demo' : 'serve');
    const running = await Holdfast.start(args, this.#environment);
    this.#running.set(command, running);
    const isInterrupted = output.endsWith(INTERRUPT);
    const promised = isInterrupted ? output.slice(0, -INTERRUPT.length).trimEnd() : output;
    this.#compare(args, running.line, promised);
    if (args.includes('--json'))
      this.#url = (JSON.parse(running.line) as { server: string }).server;
    if (isInterrupted) await this.#stop(command);
  }

  #compare(args: readonly string[], printed: string, promised: string): void {
    if (args.includes('--json')) {
      const actual: unknown = JSON.parse(printed);
      this.#equal(actual, this.#names.promised(promised, actual));
    } else {
      const actual = printed.trimEnd();
      this.#equal(actual, this.#names.promisedWords(promised, actual));
    }
  }

  /** SIGTERM ends it with code 0, and every process that it named. */
  async #stop(command: string): Promise<void> {
    const running = this.#running.get(command);
    if (!running) return;
    this.#running.delete(command);
    const { pids } = (running.line.startsWith('{') ? JSON.parse(running.line) : {}) as {
      pids?: { server: number; desks: number[] };
    };
    const all = pids ? [pids.server, ...pids.desks] : [];
    this.#equal(
      all.filter((pid) => !isRunning(pid)),
      [],
    );
    this.#equal(await running.stop(), 0);
    this.#equal(all.filter(isRunning), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running.values()) await running.stop();
  }
}
