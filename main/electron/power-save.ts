import type * as Main from 'electron/main';

/** Keeps the screens on while somebody is signed in, and lets them sleep when the chair is empty. */
export class PowerSave {
  readonly #blocker: Pick<Main.PowerSaveBlocker, 'start' | 'stop'>;
  #id: number | undefined;

  constructor(blocker: Pick<Main.PowerSaveBlocker, 'start' | 'stop'>) {
    this.#blocker = blocker;
  }

  sat(isSomebody: boolean): void {
    if (isSomebody) {
      this.#id ??= this.#blocker.start('prevent-display-sleep');
      return;
    }
    if (this.#id !== undefined) this.#blocker.stop(this.#id);
    this.#id = undefined;
  }
}
