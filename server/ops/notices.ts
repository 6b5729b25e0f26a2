import type { EpochMs } from '#domain/ids.ts';
import type { Notice } from '#protocol/server-notices.ts';

const NOTICES_MAX = 20; // what the frame may hold; there are four kinds

export interface NoticePorts {
  readonly now: () => EpochMs;
  /** The technical log: told once for each change of a level, and when a notice ends. */
  readonly told: (line: string) => void;
}

/** What of the server's machine the people at the desks have to know, as it stands now. */
export class Notices {
  readonly #ports: NoticePorts;
  readonly #notices = new Map<string, Notice>();
  readonly #listeners = new Set<() => void>();

  constructor(ports: NoticePorts) {
    this.#ports = ports;
  }

  /** The urgent ones first. */
  get all(): readonly Notice[] {
    return [...this.#notices.values()]
      .toSorted((a, b) => Number(b.level === 'urgent') - Number(a.level === 'urgent'))
      .slice(0, NOTICES_MAX);
  }

  /** How it stands with one thing; `undefined` where there is nothing to tell any more. */
  set(about: string, now: Pick<Notice, 'level' | 'text'> | undefined): void {
    const before = this.#notices.get(about);
    if (before?.level === now?.level && before?.text === now?.text) return;
    if (now) {
      const isSame = before?.level === now.level;
      const since = isSame ? before.since : this.#ports.now();
      this.#notices.set(about, { about, since, ...now });
      if (!isSame) this.#ports.told(`${now.level}: ${now.text}`);
    } else {
      this.#notices.delete(about);
      this.#ports.told(`over: ${before?.text ?? about}`);
    }
    for (const listener of this.#listeners) listener();
  }

  /** Told after each change; answers how to stop it. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
