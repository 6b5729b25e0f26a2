import { metresBetween, type Box, type Position } from '#domain/lib/geo.ts';
import type { Draws } from './draws.ts';
import { towns } from './solent.ts';

/** Where something of the made-up force is: in a real street, at a house number that is drawn. */
export interface SolentPlace extends Position {
  readonly text: string;
  readonly town: string;
}

/** Every place of the training room is in here. */
export const SOLENT: Box = { south: 50.57, west: -1.6, north: 50.98, east: -0.9 };

const HOUSES = 180;
const JITTER = 0.001; // degrees: a hundred metres along the street, so that not all stand on one point

/** A place to live or for something to happen. A house number is drawn, and whether there is such a house nobody knows. */
export function placeOf(draws: Draws, inTown?: string): SolentPlace {
  const near = towns.filter(({ name }) => inTown === undefined || name === inTown);
  const town = draws.weighted(near.map((it) => [it.weight, it] as const));
  const [street, lat, lon] = draws.oneOf(town.streets);
  const nudge = () => Number(((draws.share() - 0.5) * 2 * JITTER).toFixed(5));
  const text = street.includes(',') ? street : `${street}, ${town.name}`;
  return {
    text: `${1 + draws.below(HOUSES)} ${text}`,
    town: town.name,
    lat: Number((lat + nudge()).toFixed(5)),
    lon: Number((lon + nudge()).toFixed(5)),
  };
}

const DETOUR = 1.35; // roads are that much longer than the straight line: an estimate of ours, and labelled so

/** Metres by road between two places, estimated from the straight line. */
export const roadMetres = (from: Position, to: Position): number =>
  metresBetween(from, to) * DETOUR;
