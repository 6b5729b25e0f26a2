import { assert } from '#domain/lib/assert.ts';

/** One line for each change of what crosses the wire; the last is the one we speak. */
export const history = [
  { version: 1, fingerprint: '14462e0b27749c13', change: 'the first frames' },
  {
    version: 2,
    fingerprint: '05a91a2d79a18681',
    change: 'duty, late conflicts, amendments, the status seen; crimes, consultations and presence',
  },
  {
    version: 3,
    fingerprint: 'b768ebe4b1acfb01',
    change: 'a restored server asks the desks for what it has lost',
  },
  {
    version: 4,
    fingerprint: '247883bb019ff713',
    change: 'a desk says of which epoch its last event is',
  },
  {
    version: 5,
    fingerprint: '9c1181430fb03a5e',
    change: 'accounts are opened again and change their role; grants are taken back at once',
  },
  {
    version: 6,
    fingerprint: '0b726140e19e281b',
    change:
      'reference data is taken over while the room works; a view may say why a record is looked at; files of public dispatch records; how windows look is kept by the desk; desks are told of the disk, the clock and the release of the server; desks report how they are; service levels; an administrator asks at a desk what they ask over HTTP; the telephone keys of the whole desktop: shown, pressed and changed; shift hand-overs, what nobody has in hand, locked desks, and who moved between two',
  },
] as const satisfies readonly {
  readonly version: number;
  readonly fingerprint: string;
  readonly change: string;
}[];

const [newest] = history.toReversed();
assert(newest, 'there is a first version');

/** The version that we speak. */
export const { version } = newest;

/** The WebSocket subprotocol. Its number changes only when two releases cannot talk at all. */
export const subprotocol = 'holdfast.v1';
