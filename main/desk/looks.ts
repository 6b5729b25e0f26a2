import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { changedLook, DEFAULT_LOOK, lookOf, type Look, type LookChange } from '#protocol/look.ts';

const PEOPLE_MAX = 200; // who sat here in a year; whoever changed theirs longest ago is forgotten first
const NOBODY = '';

const keptLooks = z.array(z.tuple([z.string().max(64), z.unknown()]));

/**
 * How each person wants the windows of this desk to look, in a file of its own: nothing that was said
 * stands in it. A file that cannot be read costs the looks and nothing else.
 */
export class Looks {
  readonly #file: string;
  /** By user, in the order in which they were last changed; under no name, that of the empty chair. */
  readonly #looks: Map<string, Look>;

  constructor(folder: string) {
    this.#file = join(folder, 'looks.json');
    this.#looks = new Map(read(this.#file).map(([user, look]) => [user, lookOf(look)]));
  }

  of(user: string | undefined): Look {
    return this.#looks.get(user ?? NOBODY) ?? DEFAULT_LOOK;
  }

  /** Changed at once; throws where it could not be kept for the next start. */
  change(user: string | undefined, change: LookChange): void {
    const next = changedLook(this.of(user), change);
    this.#looks.delete(user ?? NOBODY);
    this.#looks.set(user ?? NOBODY, lookOf(next)); // with the limits of what is read
    for (const [oldest] of this.#looks) {
      if (this.#looks.size <= PEOPLE_MAX) break;
      this.#looks.delete(oldest);
    }
    // Beside it and then in its place: a cut leaves the old file or the new one.
    writeFileSync(`${this.#file}.new`, JSON.stringify([...this.#looks]), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function read(file: string): z.infer<typeof keptLooks> {
  try {
    return keptLooks.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return []; // none kept yet, or nobody can read them: everybody begins with the first look
  }
}
