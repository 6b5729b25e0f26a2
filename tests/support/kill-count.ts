import process from 'node:process';

const ALL = Number(process.env['HOLDFAST_KILLS'] ?? 200);

/** How many SIGKILLs fall into each of the three kinds of work of `kills-at-work.test.ts`. */
export const killsAtEachWork = Math.max(1, Math.floor(ALL / 9));
/** How many fall under load, in `kills.test.ts`: all the others of `HOLDFAST_KILLS`. */
export const killsUnderLoad = Math.max(1, ALL - 3 * killsAtEachWork);
