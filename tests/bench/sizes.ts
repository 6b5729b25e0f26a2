/** How much of everything a run takes. */
export interface Sizes {
  readonly fanOut: { readonly clients: number; readonly seconds: number; readonly rounds: number };
  readonly catchUp: { readonly events: number; readonly rounds: number };
}

const whole: Sizes = {
  fanOut: { clients: 500, seconds: 10, rounds: 3 },
  catchUp: { events: 100_000, rounds: 3 },
};

/** Says that the benches run, and nothing about how fast anything is. */
const quick: Sizes = {
  fanOut: { clients: 20, seconds: 1, rounds: 1 },
  catchUp: { events: 1_000, rounds: 1 },
};

let chosen = whole;

/** The sizes of this run. */
export const sizes = (): Sizes => chosen;

/** For a run that only shows that everything runs. */
export function makeQuick(): void {
  chosen = quick;
}
