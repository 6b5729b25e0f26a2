import type { Said } from './narratives.ts';

/** Safety and welfare as it is reported. Shares as in `said-crimes.ts`. */
export const safety = {
  ABC: {
    weight: [26, 2],
    grades: [
      [40, 1],
      [40, 2],
      [20, 4],
    ],
    qualifiers: [],
    words: [
      'Call cut off after a woman said "come quickly". Rung back three times: no answer',
      'Open line, an argument of two adults is heard, {child} in the background, then cut off',
      'Caller pressed 55 and did not speak; taps answered yes to: are you in danger',
    ],
    results: ['no-trace', 'false-call-good-intent', 'advice-given'],
    becomes: ['DOM', 'HOX'],
  },
  ALM: {
    weight: [10, 18],
    grades: [
      [20, 1],
      [60, 2],
      [20, 3],
    ],
    qualifiers: ['licensed-premises'],
    words: [
      'Intruder alarm at a jeweller, two zones, keyholder 20 minutes away',
      'Panic button in a pharmacy, no answer on the telephone',
      'House alarm sounds since an hour, nobody seen. {cctv}',
    ],
    results: ['false-call-good-intent', 'no-trace', 'crime-recorded'],
    becomes: ['BUB'],
  },
  ANI: {
    weight: [6, 14],
    grades: [
      [20, 1],
      [40, 2],
      [40, 3],
    ],
    qualifiers: [],
    words: [
      'Dog loose on the carriageway, large and brown, cars brake for it',
      'Dog has bitten {child} in the park {ago}, owner, {male}, went {way}. {hurt}',
      'Three cattle on the lane, farmer is not known',
    ],
    results: ['advice-given', 'referred', 'no-trace'],
  },
  CFS: {
    weight: [60, 55],
    grades: [
      [45, 1],
      [40, 2],
      [15, 3],
    ],
    qualifiers: ['adult-at-risk', 'mental-health', 'child-at-risk'],
    words: [
      'Elderly neighbour, {elder}, not seen for three days, post on the mat, television is on',
      '{child} alone on the street without shoes, says the mother is asleep',
      'Friend, {age}, wrote "goodbye" {ago} and does not pick up; drives a {vehicle}',
      '{female}, {clothes}, sits on the wrong side of the bridge railing, {drink}',
      '{elder} walks along the dual carriageway in night clothes, seems lost',
    ],
    results: ['advice-given', 'referred', 'no-trace', 'false-call-good-intent'],
    becomes: ['MHI', 'MIS'],
  },
  DOM: {
    weight: [62, 48],
    grades: [
      [60, 1],
      [30, 2],
      [10, 3],
    ],
    qualifiers: ['domestic-abuse', 'child-at-risk', 'alcohol'],
    words: [
      'Partner, {male}, shouts and breaks things, {drink}; {child} is in the next room. {hurt}',
      'Caller whispers: husband, {male}, has {weapon}, she is locked in the bathroom with {child}',
      'Shouting next door, a woman screams, a door was slammed, heard before at weekends',
      'Son, {age}, {drink}, pushed his mother and will not leave. {hurt}',
      'Former partner, {female}, at the door against an order, bangs and shouts, came in a {vehicle}',
    ],
    results: ['arrest', 'crime-recorded', 'no-crime', 'referred'],
    becomes: ['VIO', 'HAR'],
  },
  FIR: {
    weight: [4, 1],
    grades: [[100, 1]],
    qualifiers: ['firearm'],
    words: [
      '{male}, {clothes}, showed what looks like a hand gun in a {vehicle} {ago}, drove {way}',
      'Two youths with a long gun in the park, may be an air rifle, one {clothes}',
    ],
    results: ['area-searched', 'arrest', 'false-call-good-intent'],
    becomes: ['WEA'],
  },
  HOX: {
    weight: [8, 1],
    grades: [
      [20, 2],
      [80, 4],
    ],
    qualifiers: ['youth'],
    words: [
      '{youth} says a bank is being robbed, others laugh; the bank says all is well',
      'Same voice as before, reports a fire at sea and hangs up',
    ],
    results: ['false-call-malicious'],
  },
  IND: {
    weight: [3, 1],
    grades: [
      [80, 1],
      [20, 2],
    ],
    qualifiers: [],
    words: [
      'Scaffolding has come down, {male} under it, ambulance on the way. {hurt}',
      'Man caught in a machine in the dockyard, works stopped. {hurt}',
    ],
    results: ['referred'],
  },
  LIC: {
    weight: [2, 5],
    grades: [
      [20, 2],
      [80, 3],
    ],
    qualifiers: ['licensed-premises'],
    words: [
      'Bar sells to {youth} and others of that age, goes on {ago}',
      'Pub still open and loud long after its hour, some fifty people outside',
    ],
    results: ['referred', 'advice-given'],
  },
  MIS: {
    weight: [14, 18],
    grades: [
      [35, 1],
      [50, 2],
      [15, 3],
    ],
    qualifiers: ['child-at-risk', 'adult-at-risk', 'youth'],
    words: [
      '{youth}, {clothes}, not home from school, telephone off, has done it before',
      'Resident of a care home, {elder}, left by the garden gate {ago}, needs medicine',
      'Husband, {age}, left a letter and took the {vehicle}; never did that before',
    ],
    results: ['no-trace', 'referred', 'advice-given'],
  },
  ABS: {
    weight: [4, 6],
    grades: [
      [30, 1],
      [50, 2],
      [20, 3],
    ],
    qualifiers: ['mental-health', 'hospital'],
    words: [
      'Patient under a section, {male}, {clothes}, left the ward {ago} {way}, low risk to others',
      'Did not come back to the hostel by the hour of his licence: {male}, {clothes}',
    ],
    results: ['no-trace', 'arrest', 'referred'],
  },
  WAN: {
    weight: [5, 10],
    grades: [
      [25, 1],
      [45, 2],
      [30, 3],
    ],
    qualifiers: [],
    words: [
      'Caller knows where {male}, wanted by a court, sleeps tonight; he has {weapon} by the bed',
      '{female} breaks her bail: is at the address she may not go to, {ago}',
    ],
    results: ['arrest', 'no-trace'],
  },
  PRO: {
    weight: [2, 3],
    grades: [
      [20, 2],
      [80, 3],
    ],
    qualifiers: [],
    words: [
      'Thirty people with banners block the gate of the ferry port, peaceful',
      'Two people have glued themselves to the door of a bank, one {clothes}',
    ],
    results: ['advice-given', 'arrest'],
  },
  SUD: {
    weight: [6, 4],
    grades: [
      [50, 1],
      [50, 2],
    ],
    qualifiers: [],
    words: [
      '{elder} found dead in bed by the carer, seen alive yesterday, doctor informed',
      'Ambulance asks for police: {male}, died at home, nothing suspicious seen',
    ],
    results: ['referred', 'no-crime'],
  },
  SUP: {
    weight: [2, 1],
    grades: [
      [70, 1],
      [30, 2],
    ],
    qualifiers: [],
    words: [
      'Suitcase without an owner in the waiting room since an hour, wires at the lid. {cctv}',
      'Found what looks like an old shell on the beach, people keep away',
    ],
    results: ['referred', 'false-call-good-intent'],
  },
  SUS: {
    weight: [48, 40],
    grades: [
      [20, 1],
      [45, 2],
      [35, 3],
    ],
    qualifiers: [],
    words: [
      'Two males try car doors, one in {clothes}, went {way} {ago}',
      '{vehicle} drives slowly up and down, stops at gardens. {male} in it',
      'Torch light in an empty house, {ago}; {cctv}',
      '{male}, {clothes}, rings at doors and says he sells dusters, looks over fences',
    ],
    results: ['area-searched', 'no-trace', 'advice-given'],
    becomes: ['BUD', 'TFM'],
  },
  CIV: {
    weight: [4, 14],
    grades: [
      [20, 2],
      [50, 3],
      [30, 4],
    ],
    qualifiers: [],
    words: [
      'Landlord changed the locks, {female} with {child} stands outside',
      'Builder, {male}, wants {value} and will not leave the drive, {drink}',
    ],
    results: ['advice-given', 'referred'],
  },
  IMM: {
    weight: [2, 2],
    grades: [
      [40, 1],
      [60, 2],
    ],
    qualifiers: ['modern-slavery'],
    words: [
      'Lorry driver hears knocking from the trailer at the port, opened it: five people, cold',
      'Car wash: men sleep in a container behind it and are not paid, one {male} told caller',
    ],
    results: ['referred', 'arrest'],
  },
  MHI: {
    weight: [26, 14],
    grades: [
      [60, 1],
      [30, 2],
      [10, 3],
    ],
    qualifiers: ['mental-health', 'rcrp-applied'],
    words: [
      '{female}, {clothes}, says voices tell her to walk into the sea, stands on the shingle, {drink}',
      'Brother, {age}, does not take his medicine, has locked himself in with {weapon}',
      'Man talks to himself on the railway bridge, {clothes}, does not answer',
    ],
    results: ['referred', 'advice-given'],
    becomes: ['CFS'],
  },
  ILL: {
    weight: [10, 4],
    grades: [
      [70, 1],
      [30, 2],
    ],
    qualifiers: ['rcrp-applied'],
    words: [
      '{elder} fell behind the door and cannot open it, ambulance is there and cannot get in',
      '{male} lies on the pavement, {drink}, breathes. {hurt}',
    ],
    results: ['referred', 'advice-given'],
  },
  INS: {
    weight: [1, 7],
    grades: [
      [30, 2],
      [70, 3],
    ],
    qualifiers: [],
    words: [
      'Shop door stands open after closing, nobody inside as far as can be seen',
      'Car, {vehicle}, with the window down and keys in it, owner not found',
    ],
    results: ['no-crime', 'advice-given'],
  },
  NAT: {
    weight: [3, 3],
    grades: [
      [50, 1],
      [50, 2],
    ],
    qualifiers: [],
    words: [
      'Sea comes over the wall and into the road, cars stand in it',
      'Tree down over both lanes after the wind, wires with it',
    ],
    results: ['referred'],
  },
  TRU: {
    weight: [0, 3],
    grades: [[100, 4]],
    qualifiers: ['youth', 'school'],
    words: [
      'Four of school age sit behind the shops since the morning, one {clothes}',
      'School says {youth} has not been seen this week, parents do not answer',
    ],
    results: ['referred', 'advice-given'],
  },
} as const satisfies Readonly<Record<string, Said>>;
