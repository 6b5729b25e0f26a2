import { portsmouth } from './portsmouth.ts';

/** A street that is really there, with a point on it; good to some hundred metres. */
export type Street = readonly [name: string, lat: number, lon: number];

interface Town {
  readonly name: string;
  /** Share of the contacts, roughly as people live there. */
  readonly weight: number;
  readonly streets: readonly Street[];
}

/** The towns of the Solent. Streets and their places are real; everything said to happen there is made up. */
export const towns: readonly Town[] = [
  { name: 'Portsmouth', weight: 31, streets: portsmouth },
  {
    name: 'Southampton',
    weight: 36,
    streets: [
      ['Above Bar Street', 50.9063, -1.4045],
      ['London Road', 50.9121, -1.4047],
      ['Bedford Place', 50.9127, -1.4071],
      ['St Mary Street', 50.9062, -1.3975],
      ['Northam Road', 50.9083, -1.3913],
      ['Shirley Road', 50.9156, -1.4232],
      ['Shirley High Street', 50.9213, -1.4314],
      ['Portswood Road', 50.9239, -1.3936],
      ['Burgess Road', 50.9365, -1.4014],
      ['Winchester Road', 50.9311, -1.4246],
      ['Millbrook Road West', 50.9134, -1.4475],
      ['Canute Road', 50.8969, -1.3951],
      ['Peartree Avenue', 50.9061, -1.3641],
      ['Bitterne Road West', 50.9141, -1.3765],
      ['Thornhill Park Road', 50.9149, -1.3363],
      ['Weston Lane', 50.8917, -1.3661],
    ],
  },
  {
    name: 'Fareham',
    weight: 7,
    streets: [
      ['West Street', 50.8529, -1.1829],
      ['Gosport Road', 50.8447, -1.1794],
      ['Highlands Road', 50.8577, -1.2063],
      ['Titchfield Road', 50.8373, -1.2296],
    ],
  },
  {
    name: 'Gosport',
    weight: 7,
    streets: [
      ['Stoke Road', 50.7949, -1.1302],
      ['Forton Road', 50.8016, -1.1369],
      ['Rowner Road', 50.8065, -1.1668],
      ['Stokes Bay Road', 50.7846, -1.1591],
    ],
  },
  {
    name: 'Havant',
    weight: 8,
    streets: [
      ['Park Road South', 50.8497, -0.9829],
      ['Dunsbury Way', 50.8764, -0.9953],
      ['Middle Park Way', 50.8682, -0.9971],
      ['London Road', 50.8829, -1.0301],
    ],
  },
  {
    name: 'Isle of Wight',
    weight: 11,
    streets: [
      ['Union Street, Ryde', 50.7313, -1.1617],
      ['High Street, Cowes', 50.7618, -1.2979],
      ['Fairlee Road, Newport', 50.7054, -1.2842],
      ['Carisbrooke Road, Newport', 50.6957, -1.3043],
      ['Lake Hill, Lake', 50.6461, -1.1657],
      ['Esplanade, Ventnor', 50.5936, -1.2067],
    ],
  },
];
