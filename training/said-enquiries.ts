import type { Enquiry } from './narratives.ts';

/** What is settled on the line: how often on 999 and elsewhere, with which outcome, and in which words. */
export const enquiries: readonly (readonly [
  weight: readonly [emergency: number, other: number],
  outcome: Enquiry['outcome'],
  words: string,
])[] = [
  [[2, 12], 'enquiry', 'Wants the crime number of a theft last week'],
  [[2, 14], 'enquiry', 'Asks when an officer rings back about a statement'],
  [[1, 6], 'enquiry', 'Asks for the opening hours of the front counter'],
  [[3, 8], 'enquiry', 'Asks what became of the collision of a {vehicle} yesterday'],
  [[6, 10], 'advice-given', 'Parking dispute with a neighbour about a {vehicle}'],
  [[5, 8], 'advice-given', 'Asks about a lost passport and a flight tomorrow'],
  [
    [8, 8],
    'advice-given',
    'Former partner did not bring {child} back at the hour agreed, rang since: on the way',
  ],
  [
    [6, 6],
    'advice-given',
    'Got a telephone call about a parcel and a fee of {value}; gave nothing away',
  ],
  [[10, 10], 'redirected', 'Fly-tipping in the lane, told of the council'],
  [
    [9, 6],
    'redirected',
    'Noise of a party, told of the council and to ring again if it turns violent',
  ],
  [[10, 3], 'redirected', 'Chest pain, put through to ambulance'],
  [[5, 4], 'redirected', 'Live wire down, put through to the network company'],
  [[14, 6], 'duplicate', 'Rings about the same fight by the bar, nothing new'],
  [[8, 4], 'duplicate', 'Rings again to ask how long, told that it is in hand; {drink}'],
  [[16, 3], 'no-police-action', 'Wanted 101 and has it explained'],
  [[6, 2], 'no-police-action', 'Caller hears now that the {vehicle} was moved by a friend'],
  [[5, 2], 'no-police-action', 'Swears and hangs up, {drink}'],
];
