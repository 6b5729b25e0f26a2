import type { Said } from './narratives.ts';

/** Crime as it is reported. Shares follow what a force told of one Saturday (North Yorkshire, 23 June 2018); details are ours. */
export const crimes = {
  VIO: {
    weight: [70, 49],
    grades: [
      [45, 1],
      [35, 2],
      [20, 3],
    ],
    qualifiers: ['alcohol', 'licensed-premises'],
    words: [
      'Assault {ago}: {male}, {clothes}, punched another man outside a bar and made off {way}. {hurt}',
      'Group of five fighting in the street, one {male} has {weapon}. {hurt}. Caller watches from a window',
      'Caller was pushed to the ground by {female}, known from the street, {drink}. {hurt}',
      'Security has hold of {male}, {drink}, who hit a member of staff. {hurt}; {cctv}',
    ],
    results: ['crime-recorded', 'arrest', 'no-trace', 'advice-given'],
    becomes: ['POR', 'DOM'],
  },
  SEX: {
    weight: [5, 7],
    grades: [
      [40, 1],
      [40, 2],
      [20, 3],
    ],
    qualifiers: ['adult-at-risk'],
    words: [
      'Caller, {age}, was touched by {male} on a bus {ago}; he got off and went {way}. Asks for a woman officer',
      'Exposure in the park: {male}, {clothes}, went {way} {ago}',
      'Wants to report what happened to her some time ago, will not say more by telephone, is safe where she is',
    ],
    results: ['crime-recorded', 'referred'],
  },
  ROB: {
    weight: [12, 4],
    grades: [
      [75, 1],
      [25, 2],
    ],
    qualifiers: ['youth', 'knife'],
    words: [
      'Telephone taken from {youth} by two males, one {clothes}, who showed {weapon}. Both went {way} {ago}. {hurt}',
      'Shop robbed: {male}, {clothes}, had {weapon} and took {value} from the till, left {way}. {hurt}',
      'Cyclist pushed off and the bicycle taken by {male}, {clothes}, {ago}. {hurt}',
    ],
    results: ['crime-recorded', 'arrest', 'area-searched', 'no-trace'],
  },
  BUD: {
    weight: [16, 26],
    grades: [
      [30, 1],
      [35, 2],
      [35, 3],
    ],
    qualifiers: ['repeat-victim', 'adult-at-risk'],
    words: [
      'Somebody is in the house: caller is upstairs with {child}, hears two voices below',
      'Came home and found the back door forced, tidy search, jewellery of about {value} gone, {night}. {cctv}',
      'Neighbour is away; {male}, {clothes}, climbed over the side gate {ago}',
      '{elder} let in a man who said he was from the water board, {value} gone from a drawer',
    ],
    results: ['crime-recorded', 'no-trace', 'arrest'],
    becomes: ['SUS'],
  },
  BUB: {
    weight: [10, 12],
    grades: [
      [25, 1],
      [40, 2],
      [35, 3],
    ],
    qualifiers: [],
    words: [
      'Alarm company sees {male}, {clothes}, inside a workshop on camera {ago}',
      'Cafe opened up and found the window broken, till of {value} gone, {night}. {cctv}',
      'Builders merchant: fence cut, tools taken, a {vehicle} was seen {night}',
    ],
    results: ['crime-recorded', 'arrest', 'no-trace'],
  },
  TOM: {
    weight: [8, 22],
    grades: [
      [15, 1],
      [25, 2],
      [60, 3],
    ],
    qualifiers: [],
    words: [
      'Own {vehicle} gone from outside the house {night}, all keys are here. {cctv}',
      'Motorcycle being pushed away {way} by two youths {ago}, steering lock is broken',
      'Courier left a {vehicle} running, {male} drove it off {way} {ago}',
    ],
    results: ['crime-recorded', 'no-trace'],
  },
  TFM: {
    weight: [4, 26],
    grades: [
      [10, 2],
      [60, 3],
      [30, 4],
    ],
    qualifiers: [],
    words: [
      'Car window broken and a bag taken, about {value}, {night}. {cctv}',
      'Tools gone out of a {vehicle}, lock peeled back, {night}',
      'Number plates taken off a car {night}; caller asks what to do with the insurance',
    ],
    results: ['crime-recorded', 'no-crime'],
  },
  SHO: {
    weight: [10, 34],
    grades: [
      [10, 1],
      [40, 2],
      [50, 3],
    ],
    qualifiers: [],
    words: [
      'Staff hold {female}, {clothes}, with goods of {value}; she is quiet',
      '{male}, {clothes}, filled a bag with {value} of meat and left {way} {ago}. {cctv}',
      'Three youths, known to the shop, took drinks and threatened staff with {weapon}, left {way}',
    ],
    results: ['crime-recorded', 'arrest', 'no-trace', 'advice-given'],
  },
  THF: {
    weight: [8, 42],
    grades: [
      [10, 2],
      [60, 3],
      [30, 4],
    ],
    qualifiers: [],
    words: [
      'Bicycle taken from outside the station {night}, lock cut; frame number is known. {cctv}',
      'Purse taken out of a bag in the market {ago}, {value} and cards, cards are stopped',
      'Parcel taken from the doorstep by {male}, {clothes}. {cctv}',
      'Outboard motor gone from a boat in the marina {night}, about {value}',
    ],
    results: ['crime-recorded', 'no-crime', 'advice-given'],
    becomes: ['LFP'],
  },
  DAM: {
    weight: [16, 30],
    grades: [
      [15, 1],
      [30, 2],
      [55, 3],
    ],
    qualifiers: ['youth'],
    words: [
      '{male}, {clothes}, is kicking car mirrors along the street, {drink}, went {way}',
      'Window of the front room broken by a stone {ago}, {youth} seen running {way}',
      'Paint thrown over a shop front {night}. {cctv}',
      'Bin on fire against a fence, fire service asked for, two youths on bicycles left {way}',
    ],
    results: ['crime-recorded', 'area-searched', 'no-trace'],
  },
  DRG: {
    weight: [8, 24],
    grades: [
      [10, 1],
      [35, 2],
      [55, 3],
    ],
    qualifiers: ['drugs'],
    words: [
      'Dealing from a {vehicle}: people come to the window one after another, goes on since the afternoon',
      '{male}, {clothes}, smokes and sells by the play ground, children are there',
      'Strong smell of cannabis from the flat below, fans run day and night',
    ],
    results: ['advice-given', 'area-searched', 'arrest', 'referred'],
  },
  WEA: {
    weight: [12, 5],
    grades: [
      [80, 1],
      [20, 2],
    ],
    qualifiers: ['knife', 'youth'],
    words: [
      '{youth}, {clothes}, shows {weapon} to others by the bus stop {ago}; nobody is threatened by now',
      '{male}, {clothes}, walks {way} with {weapon} in the hand and shouts, {drink}',
      'Found {weapon} under a hedge by the school, stays with it',
    ],
    results: ['arrest', 'area-searched', 'crime-recorded', 'no-trace'],
  },
  POR: {
    weight: [44, 18],
    grades: [
      [35, 1],
      [45, 2],
      [20, 3],
    ],
    qualifiers: ['alcohol', 'licensed-premises'],
    words: [
      'Fight outside a bar, four or five males, one {clothes}, on the ground; door staff with them. {hurt}',
      '{female}, {drink}, shouts at passers-by and throws bottles, {clothes}',
      'Two groups face each other by the take-away, one has {weapon}. {hurt}',
      '{male} refuses to leave the bus, {drink}, driver has stopped',
    ],
    results: ['arrest', 'advice-given', 'no-trace'],
    becomes: ['VIO', 'ASN'],
  },
  FRD: {
    weight: [2, 24],
    grades: [
      [10, 2],
      [40, 3],
      [50, 4],
    ],
    qualifiers: ['adult-at-risk', 'repeat-victim'],
    words: [
      '{elder} was rung by somebody who said he was a detective and asked for {value} in cash; a courier is to come today',
      'Paid {value} for a holiday flat that is not there; has the messages',
      'Caller gave bank details on a link in a text message, {value} gone',
    ],
    results: ['referred', 'crime-recorded', 'advice-given'],
  },
  HAR: {
    weight: [10, 34],
    grades: [
      [5, 1],
      [30, 2],
      [65, 3],
    ],
    qualifiers: ['stalking', 'repeat-victim'],
    words: [
      'Former partner, {male}, sends messages all night and stood outside {ago} in a {vehicle}',
      'Neighbour shouts insults over the fence every evening, keeps a diary of it',
      'Somebody puts made-up photographs of caller, {age}, on the internet',
    ],
    results: ['crime-recorded', 'advice-given', 'appointment'],
  },
} as const satisfies Readonly<Record<string, Said>>;
