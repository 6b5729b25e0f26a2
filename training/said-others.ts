import type { Said } from './narratives.ts';

/** Transport, anti-social behaviour and administration as they are reported. Shares as in `said-crimes.ts`. */
export const others = {
  RTI: {
    weight: [24, 6],
    grades: [
      [85, 1],
      [15, 2],
    ],
    qualifiers: [],
    words: [
      'Two cars, one a {vehicle}, one person still inside. {hurt}. Road is blocked',
      'Cyclist, {age}, knocked down by a {vehicle} {ago}. {hurt}, driver stays',
      'Motorcycle into the back of a bus. {hurt}. Traffic queues {way}',
    ],
    results: ['crime-recorded', 'no-crime', 'advice-given'],
  },
  RTD: {
    weight: [14, 24],
    grades: [
      [10, 1],
      [40, 2],
      [50, 3],
    ],
    qualifiers: [],
    words: [
      'Two cars, nobody hurt, both drivers there, road half blocked, one a {vehicle}',
      'Parked car hit {night}, a note without a name was left. {cctv}',
      '{vehicle} hit a garden wall, driver, {male}, {drink}, walked {way}',
    ],
    results: ['no-crime', 'advice-given', 'crime-recorded'],
  },
  RTO: {
    weight: [20, 26],
    grades: [
      [25, 1],
      [45, 2],
      [30, 3],
    ],
    qualifiers: ['alcohol', 'youth'],
    words: [
      '{vehicle} all over the road, driver has a can in the hand, went {way} {ago}',
      'Young people race on the sea front, one a {vehicle}, since an hour',
      'Off-road motorcycles on the common, no helmets, one rider {clothes}',
    ],
    results: ['no-trace', 'arrest', 'advice-given'],
  },
  HWD: {
    weight: [18, 14],
    grades: [
      [40, 1],
      [45, 2],
      [15, 3],
    ],
    qualifiers: [],
    words: [
      '{vehicle} broken down in lane two, no lights on it',
      'Mattress in the carriageway, cars swerve',
      'Traffic lights at the junction are out, near misses',
    ],
    results: ['referred', 'no-trace', 'advice-given'],
  },
  FTS: {
    weight: [8, 6],
    grades: [
      [50, 1],
      [50, 2],
    ],
    qualifiers: [],
    words: [
      '{vehicle} hit a pedestrian and drove {way} {ago}. {hurt}',
      "{vehicle} took off another car's mirror and did not stop, {male} driving",
    ],
    results: ['crime-recorded', 'no-trace'],
  },
  RAM: {
    weight: [4, 2],
    grades: [
      [60, 1],
      [40, 2],
    ],
    qualifiers: [],
    words: [
      'Person on the tracks by the crossing, {clothes}, trains stopped',
      'Small boat turned over off the beach, two in the water, coastguard asked for',
    ],
    results: ['referred', 'advice-given'],
  },
  ABV: {
    weight: [0, 14],
    grades: [
      [20, 3],
      [80, 4],
    ],
    qualifiers: [],
    words: [
      '{vehicle} without tax stands on the verge for weeks, two tyres flat',
      'Burnt-out moped behind the garages',
    ],
    results: ['referred', 'no-crime'],
  },
  ASP: {
    weight: [12, 28],
    grades: [
      [15, 1],
      [35, 2],
      [50, 3],
    ],
    qualifiers: ['youth', 'repeat-victim'],
    words: [
      'Eggs and stones at the window of {elder} again, four youths, one {clothes}, ran {way}',
      'Neighbour, {male}, {drink}, bangs on the wall and swears at caller by name',
    ],
    results: ['advice-given', 'no-trace', 'crime-recorded'],
    becomes: ['HAR'],
  },
  ASN: {
    weight: [28, 60],
    grades: [
      [5, 1],
      [30, 2],
      [35, 3],
      [30, 4],
    ],
    qualifiers: ['youth', 'alcohol'],
    words: [
      'Ten youths with loud music by the play ground, one {clothes}, some drink',
      'Party in the flat above since midnight, forty people, council does not answer',
      '{male}, {drink}, begs from people at the cash machine and follows them',
      'Fireworks thrown in the street by {youth} and friends, {ago}',
    ],
    results: ['advice-given', 'no-trace', 'referred'],
    becomes: ['ASE', 'POR'],
  },
  ASE: {
    weight: [2, 14],
    grades: [
      [20, 2],
      [40, 3],
      [40, 4],
    ],
    qualifiers: [],
    words: [
      '{vehicle} tips rubble in the lay-by {ago}, {male} unloads',
      'Graffiti on the bus shelter {night}. {cctv}',
    ],
    results: ['referred', 'crime-recorded', 'no-trace'],
  },
  MSG: {
    weight: [0, 12],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      'Message for the officer in a case: caller can now come for a statement',
      'Other force asks for a message to next of kin, address given',
    ],
    results: ['advice-given', 'referred'],
  },
  CON: {
    weight: [1, 12],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      'Wants it on record that a stranger asked {child} the way, nothing else happened',
      'Intelligence: a {vehicle} comes to the garages every Tuesday night',
    ],
    results: ['advice-given'],
  },
  PNC: {
    weight: [0, 3],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      'Patrol of another force asks for a check of a {vehicle}',
      'Port asks for a check of a name, {male}, held at the gate',
    ],
    results: ['no-trace', 'referred'],
  },
  DUP: {
    weight: [6, 4],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      'Reports the same collision as the last caller, a {vehicle}, nothing new',
      'Second report of the fight by the bar, saw {male}, {clothes}',
    ],
    results: ['duplicate'],
  },
  TST: {
    weight: [1, 1],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      'Alarm company tests its line, code given',
      'Test call from a new switchboard of a hospital',
    ],
    results: ['test'],
  },
  PPE: {
    weight: [0, 4],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      'Organiser of a run along the sea front asks whom to tell, 400 runners',
      'Football club gives notice of a match with away supporters, two coaches',
    ],
    results: ['advice-given', 'appointment'],
  },
  LFP: {
    weight: [0, 20],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      'Lost a passport between the ferry and the hotel, {night}',
      'Found a purse with {value} on the bus, brings it to the counter',
    ],
    results: ['advice-given'],
  },
  COM: {
    weight: [0, 8],
    grades: [[100, 4]],
    qualifiers: [],
    words: [
      "Complains that nobody came to last week's damage, asks for an inspector",
      'Not content with how an officer spoke on a stop, has it on film',
    ],
    results: ['referred', 'advice-given'],
  },
  AOA: {
    weight: [10, 10],
    grades: [
      [40, 1],
      [45, 2],
      [15, 3],
    ],
    qualifiers: [],
    words: [
      'Ambulance asks for police: patient, {male}, {drink}, is violent. {hurt}',
      'Fire service asks for a road closure, smoke over the dual carriageway',
      'Social worker asks for support with a visit, {child} may be removed, father has {weapon}',
    ],
    results: ['referred', 'advice-given', 'arrest'],
  },
} as const satisfies Readonly<Record<string, Said>>;
