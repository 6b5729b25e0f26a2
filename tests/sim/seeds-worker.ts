import process from 'node:process';
import type { Share } from './seeds.ts';
import { simulate } from './simulation.ts';

const { seeds, choice } = JSON.parse(process.argv[2] ?? '') as Share; // written by `runSeeds`
for (let seed = seeds.first; seed < seeds.end; seed += seeds.step)
  process.send?.(simulate(seed, choice));
