import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { Desk, type DeskOptions, type Seat } from '#desk/desk.ts';
import { Outbox } from '#desk/outbox.ts';
import { Replica } from '#desk/replica.ts';
import { WindowSession } from '#desk/window-session.ts';
import type { WindowDown } from '#protocol/down.ts';
import type { SeatRow } from '#protocol/view.ts';
import type { Store } from '#store/open-store.ts';
import { referenceData, startedAt } from './room.ts';

/** A call handler at desk CH1, whose grant never ends. */
export const seat: Seat = {
  user: { id: 'u-ch1' as UserId, name: 'ch1', displayName: 'Asha Lane', role: 'call-handler' },
  grant: { id: 'g1', notAfter: Number.MAX_SAFE_INTEGER as EpochMs },
};

/** A clock that stands still, and a name for the outbox that is always the same. */
export const deskPorts: DeskOptions['ports'] = {
  now: () => startedAt,
  uuid: () => '8c8e5a40-2f5a-4a57-9d0c-0f6a1c7b1f11',
  soon: (work) => work(),
};

/** Desk CH1 over real SQLite, in this process; calling its replica broken fails the test unless said otherwise. */
export const newDesk = (
  outboxFile: Store,
  replicaFile: Store,
  { ports = deskPorts, ...more }: Partial<DeskOptions> = {},
): Desk =>
  new Desk({
    desk: 'CH1' as DeskId,
    force: 'HC',
    timeZone: 'Europe/London',
    referenceData,
    ports,
    outbox: new Outbox(outboxFile, ports),
    replica: new Replica(replicaFile),
    freshReplica: (why) => {
      throw new Error(`the replica is called broken: ${why}`);
    },
    ...more,
  });

/** A window at such a desk, where the call handler sits unless said otherwise, and all that it is sent. */
export function newWindow(desk: Desk, sitting: () => Seat | undefined = () => seat) {
  const sent: WindowDown[] = [];
  const window = new WindowSession(
    {
      desk,
      timeZone: 'Europe/London',
      seat: sitting,
      seatRow: () => ({ id: 'seat', asAt: 0 }) as SeatRow, // nothing else of it is looked at
      signIn: async () => ({ outcome: 'signed-in' }),
      signOut: () => {},
      lock: () => {},
      isLocked: () => false,
      administer: () => Promise.reject(new Error('there is no server here')),
      setLook: () => {},
      hotkeys: () => [],
      setHotkey: () => {},
      draftChanged: () => {},
      signalled: () => {},
      painted: () => {},
      ownDesk: () => ({ id: 'CH1', user: sitting()?.user.id, report: undefined }),
      refusedHere: () => {},
      now: deskPorts.now,
    },
    (frame) => void sent.push(frame),
  );
  return { window, sent };
}
