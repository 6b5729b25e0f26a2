import { createContext, use } from 'react';
import type { ServiceLevelRow } from '#domain/service-levels.ts';
import type { ActionPorts } from '../../app/actions.ts';
import { hhmmss } from '../../app/clock.ts';
import type { DeskLine } from '../../app/desk-line.ts';
import { refusalText } from '../../app/refusal-text.ts';
import type { WindowState, WindowStore } from '../../app/window-store.ts';
import { createDispatchActions } from '../dispatch/dispatch-actions.ts';
import { levelsFile } from './level-table.ts';

export const LEVELS_EVERY_MS = 10_000; // a call is over its target that long after it began to ring

/** Whose window this is. */
export const selectIsOverseer = ({ seat }: WindowState): boolean =>
  ['supervisor', 'administrator'].includes(seat?.user?.role ?? '');

/** What a supervisor can do: all that a dispatcher can, and to look at the room as a whole. */
export function createSupervisorActions(
  store: WindowStore,
  line: DeskLine,
  ports: ActionPorts,
  save: (name: string, text: string) => void,
) {
  const shared = createDispatchActions(store, line, ports);
  const state = () => store.getState();
  let isAsking = false;
  let askedAt = 0;
  let answeredAt = 0;

  /** The rows that are shown stay until others are here. */
  const lookUpLevels = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    askedAt = ports.now();
    const { levelsOf } = state();
    const outcome = await line.ask('service-levels', levelsOf);
    isAsking = false;
    if (state().levelsOf !== levelsOf) return lookUpLevels(); // another day was asked for meanwhile
    const rows = state().levels?.rows ?? [];
    const text = JSON.stringify(levelsOf);
    if (outcome.kind === 'rows') {
      // The rows are the desk's word for this query.
      const answered = outcome.rows as readonly ServiceLevelRow[];
      answeredAt = outcome.asAt;
      store.setState({ levels: { state: 'answered', text, rows: answered, asAt: outcome.asAt } });
    } else {
      const known = rows.length > 0 ? `: these are the figures as at ${hhmmss(answeredAt)}` : '';
      const message = `${refusalText(outcome, outcome.message)}${known}`;
      store.setState({ levels: { state: 'failed', text, rows, message } });
    }
    return undefined;
  };
  const showLevels = (levelsOf: WindowState['levelsOf']) => {
    store.setState({ levelsOf, levels: undefined });
    void lookUpLevels();
  };

  return {
    ...shared,

    /** Asks for the figures again once they are old; called with every second that passes. */
    keepLevels() {
      const { link, now } = state();
      if (link !== 'open' || !selectIsOverseer(state())) return;
      if (now - askedAt >= LEVELS_EVERY_MS) void lookUpLevels();
    },

    /** The figures of the day before the one that is shown, or of the day after it, at most today. */
    stepDay(by: -1 | 1) {
      const { levels, now } = state();
      const [shown] = levels?.rows ?? [];
      if (!shown) return;
      if (by === -1) showLevels({ to: shown.from });
      else if (shown.to <= now) showLevels({ from: shown.to });
    },

    saveLevels() {
      const { levels } = state();
      const [shown] = levels?.rows ?? [];
      if (!levels || !shown) {
        line.notice('plain', 'There are no figures to save yet', 'no-figures');
        return;
      }
      const name = `service-levels-${shown.day}.csv`;
      save(name, levelsFile(levels.rows));
      line.notice('good', `Saved ${name}`, 'saved-figures');
    },

    showIncident(id: string) {
      shared.select('incidents', id);
      ports.focus('list', 'past-target');
    },

    /** Away with the incident: the figures stand there again. */
    closeIncident() {
      shared.select('incidents', undefined);
      shared.forgetFound();
      ports.focus('list', 'desks');
    },
  };
}

export type SupervisorActions = ReturnType<typeof createSupervisorActions>;

export const SupervisorContext = createContext<SupervisorActions | undefined>(undefined);

export function useSupervisorActions(): SupervisorActions {
  const actions = use(SupervisorContext);
  if (!actions) throw new Error('useSupervisorActions outside <SupervisorContext>');
  return actions;
}
