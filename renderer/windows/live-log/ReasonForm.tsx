import type { KeyboardEvent, SubmitEvent } from 'react';
import { REASON_TEXT_MAX, viewReasons } from '#domain/view-reason.ts';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { useLiveActions } from './live-actions.ts';
import { useLive } from './live-store.ts';

/** Why somebody looks: one of six by its number, and in their own words. Nothing is shown before. */
export function ReasonForm({ incident }: { readonly incident: string }) {
  const { setReason, typeReason, giveReason, leaveReason } = useLiveActions();
  const code = useLive(({ asking }) => asking?.code);
  const text = useLive(({ asking }) => asking?.text ?? '');
  const problem = useLive(({ asking }) => asking?.problem ?? '');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    giveReason();
  };
  const press = (event: KeyboardEvent) => {
    const isChoosing = event.target instanceof HTMLInputElement && event.target.type === 'radio';
    const reason = isChoosing ? viewReasons[Number(event.key) - 1] : undefined;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Escape') leaveReason();
    else if (reason) setReason(reason.code);
    else return;
    event.preventDefault();
  };
  return (
    <section className="panel live-reason" aria-labelledby="reason-title">
      <header className="panel-head">
        <h2 id="reason-title">
          Why do you look at <span className="mono">{incident}</span>?
        </h2>
      </header>
      {/* Escape is heard wherever the keys are in it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <form onSubmit={submit} onKeyDown={press} aria-label="Reason">
        <fieldset>
          <legend>Reason</legend>
          {viewReasons.map((reason, index) => (
            <label key={reason.code} className="live-reason-row">
              <input
                type="radio"
                name="reason"
                data-field={
                  reason.code === (code ?? viewReasons[0].code) ? 'reason' : `reason-${index}`
                }
                checked={reason.code === code}
                onChange={() => setReason(reason.code)}
              />
              <KeyCap keys={String(index + 1)} /> {reason.words}
            </label>
          ))}
        </fieldset>
        <label>
          In your own words, at least 10 characters
          <input
            data-field="reason-text"
            autoComplete="off"
            maxLength={REASON_TEXT_MAX}
            value={text}
            onChange={(event) => typeReason(event.target.value)}
          />
        </label>
        <p className="muted">
          Your name, the time, this reason and where you sit are put on record before anything is
          shown, and again when you leave.
        </p>
        <p className="problem" role="alert" data-testid="reason-problem">
          {problem}
        </p>
        <p className="live-reason-keys">
          <button type="submit" className="action is-main">
            <KeyCap keys="Enter" />
            Show the live log
          </button>
          <ActionKey keys="Esc" label="Back" onPress={leaveReason} />
        </p>
      </form>
    </section>
  );
}
