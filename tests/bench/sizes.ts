/** How much of everything a run takes. */
export interface Sizes {
  readonly writeToScreen: { readonly clients: number; readonly samples: number };
  readonly fanOut: { readonly clients: number; readonly seconds: number; readonly rounds: number };
  readonly catchUp: { readonly events: number; readonly rounds: number };
  readonly drain: { readonly commands: number };
  readonly slowReader: {
    readonly clients: number;
    readonly slow: number;
    readonly seconds: number;
    readonly rounds: number;
  };
  readonly twoForces: {
    readonly clients: number;
    readonly seconds: number;
    readonly rounds: number;
  };
  readonly peers: { readonly clients: readonly number[]; readonly seconds: number };
  readonly hour: { readonly clients: number; readonly seconds: number };
  readonly board: { readonly incidents: number; readonly units: number; readonly seconds: number };
  /** Recorded contacts that a desk starts over. */
  readonly start: { readonly year: number; readonly many: number };
}

const whole: Sizes = {
  writeToScreen: { clients: 200, samples: 300 },
  fanOut: { clients: 500, seconds: 10, rounds: 3 },
  catchUp: { events: 100_000, rounds: 3 },
  drain: { commands: 10_000 },
  slowReader: { clients: 100, slow: 5, seconds: 10, rounds: 3 },
  twoForces: { clients: 50, seconds: 10, rounds: 3 },
  peers: { clients: [50, 200], seconds: 8 },
  hour: { clients: 200, seconds: 600 },
  board: { incidents: 2_000, units: 2_000, seconds: 60 },
  start: { year: 25_000, many: 1_000_000 },
};

/** Says that the benches run, and nothing about how fast anything is. */
const quick: Sizes = {
  writeToScreen: { clients: 10, samples: 20 },
  fanOut: { clients: 20, seconds: 1, rounds: 1 },
  catchUp: { events: 1_000, rounds: 1 },
  drain: { commands: 80 },
  slowReader: { clients: 10, slow: 2, seconds: 2, rounds: 1 },
  twoForces: { clients: 5, seconds: 2, rounds: 1 },
  peers: { clients: [12], seconds: 1 },
  hour: { clients: 20, seconds: 10 },
  board: { incidents: 50, units: 50, seconds: 2 },
  start: { year: 400, many: 1_000 },
};

let chosen = whole;

/** The sizes of this run. */
export const sizes = (): Sizes => chosen;

/** For a run that only shows that everything runs. */
export function makeQuick(): void {
  chosen = quick;
}
