import { useId, useState, type ChangeEvent, type KeyboardEvent, type SyntheticEvent } from 'react';
import type { Grade } from '#domain/facts.ts';
import { choices, placeOf, qualifiersOf } from '../../app/form.ts';
import { FIELD_LENGTH_MAX } from '../../app/pad.ts';
import { selectFormFields } from '../../app/selectors.ts';
import { formDraftId, useWindow } from '../../app/window-store.ts';
import { GradeBadge, gradeNames } from '../../ui/GradeBadge.tsx';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { CallBar, ChoiceStrip } from './CallBar.tsx';
import { useCallActions } from './call-actions.ts';

type TextElement = HTMLInputElement | HTMLTextAreaElement;

const rangeOf = ({ selectionStart, selectionEnd, value }: TextElement) => ({
  start: selectionStart ?? value.length,
  end: selectionEnd ?? value.length,
});

/** What every field of the form is bound with: its text, its caret, and where it is found again. */
function useField(field: string) {
  const { typeForm, caret } = useCallActions();
  const draftId = useWindow(({ formAbout }) => formDraftId(formAbout));
  const value = useWindow((state) => selectFormFields(state)[field] ?? '');
  const problem = useWindow(({ problem: it, formAbout }) =>
    it?.about === formAbout && it.field === field ? it.text : '',
  );
  return {
    problem,
    value,
    bind: {
      value,
      'data-pad': draftId,
      'data-field': field,
      'aria-invalid': problem !== '',
      onChange: ({ target }: ChangeEvent<TextElement>) =>
        typeForm(field, target.value, rangeOf(target)),
      onSelect: ({ currentTarget }: SyntheticEvent<TextElement>) =>
        caret(draftId, { field, ...rangeOf(currentTarget) }),
    },
  };
}

function FieldName({ name, problem }: { readonly name: string; readonly problem: string }) {
  return (
    <span className="field-name">
      {name} {problem !== '' && <em className="problem">{problem}</em>}
    </span>
  );
}

/** What is said, where, who, the phone, the risk: tab follows speech. */
export function ContactForm() {
  const prompt = useWindow((state) => state.prompt);
  const about = useWindow((state) => state.formAbout);
  const { raise, saveDetails } = useCallActions();
  return (
    <Panel title="Contact" className="form-panel" keys={<KeptWord />}>
      <CallBar />
      {(prompt === 'channel' || prompt === 'outcome') && <ChoiceStrip key={prompt} of={prompt} />}
      <form key={about} className="contact-form" onSubmit={(event) => event.preventDefault()}>
        <Narrative />
        <PlaceField />
        <div className="pair">
          <TextField field="informant" name="Who is calling" max={200} />
          <TextField field="callback" name="Call back on" max={32} />
        </div>
        <div className="pair pair-code">
          <CodeField />
          <GradeField />
        </div>
        <QualifiersField />
        <div className="form-keys">
          <ActionKey keys="F8" label="Raise incident" onPress={raise} isMain />
          <ActionKey keys="Ctrl+S" label="Save to contact" onPress={saveDetails} />
        </div>
      </form>
    </Panel>
  );
}

/** Whether what is typed is on this desk's disk. */
function KeptWord() {
  const word = useWindow(({ pads, formAbout }) => {
    const pad = pads.get(formDraftId(formAbout));
    if (!pad) return '';
    return pad.storedRevision >= pad.revision ? 'draft kept here' : 'keeping…';
  });
  return (
    <span className="muted" data-testid="draft-state">
      {word}
    </span>
  );
}

function Narrative() {
  const { bind, problem } = useField('narrative');
  return (
    <label>
      <FieldName name="What is happening" problem={problem} />
      <textarea {...bind} data-testid="narrative" rows={5} maxLength={FIELD_LENGTH_MAX} />
    </label>
  );
}

interface TextFieldProps {
  readonly field: 'informant' | 'callback';
  readonly name: string;
  readonly max: number;
}

function TextField({ field, name, max }: TextFieldProps) {
  const { bind, problem } = useField(field);
  return (
    <label>
      <FieldName name={name} problem={problem} />
      <input {...bind} data-testid={field} maxLength={max} autoComplete="off" />
    </label>
  );
}

/** A field with picks under it: arrows choose, Enter takes, what is typed alone is taken as well. */
function usePicks(count: number) {
  const [index, setIndex] = useState(-1);
  const inRange = index < count ? index : -1;
  return {
    index: inRange,
    forget: () => setIndex(-1),
    /** True where the key was one of the list's. */
    press(event: KeyboardEvent, take: (index: number) => void, close: () => void): boolean {
      if (count === 0) return false;
      if (event.key === 'ArrowDown') setIndex(Math.min(count - 1, inRange + 1));
      else if (event.key === 'ArrowUp') setIndex(Math.max(-1, inRange - 1));
      else if (event.key === 'Enter' && inRange >= 0) take(inRange);
      else if (event.key === 'Escape') close();
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}

function PlaceField() {
  const { pickPlace, forgetPlaces } = useCallActions();
  const { bind, problem, value } = useField('place');
  const places = useWindow((state) => state.places);
  const isVerified = useWindow((state) => placeOf(selectFormFields(state))?.isVerified === true);
  const rows = places?.rows ?? [];
  const picks = usePicks(rows.length);
  const list = useId();
  const take = (at: number) => {
    const place = rows[at];
    if (place) pickPlace(place);
    picks.forget();
  };
  return (
    <div className="with-picks">
      <label>
        <span className="field-name">
          Where{' '}
          {problem !== '' ? (
            <em className="problem">{problem}</em>
          ) : (
            value !== '' && (
              <em className={isVerified ? 'is-ok' : 'is-warning'} data-testid="place-state">
                {isVerified ? '✓ picked, with position' : '△ as typed, not verified'}
              </em>
            )
          )}
        </span>
        <input
          {...bind}
          data-testid="place"
          maxLength={200}
          autoComplete="off"
          role="combobox"
          aria-expanded={rows.length > 0}
          aria-controls={list}
          aria-activedescendant={picks.index >= 0 ? `${list}-${picks.index}` : undefined}
          onKeyDown={(event) => picks.press(event, take, forgetPlaces)}
          onBlur={forgetPlaces}
        />
      </label>
      {places !== undefined && (
        <div className="picks" role="listbox" id={list} aria-label="Places" data-testid="places">
          {rows.map(({ text, source }, index) => (
            // The text field hears the keys; a pick is only pointed at.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
            <div
              key={`${text}|${source}`}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === picks.index}
              className="pick"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(index)}
            >
              {text} <span className="muted">{source}</span>
            </div>
          ))}
          <div className="pick-foot muted">
            {places.state === 'asking' && 'Looking…'}
            {places.state === 'failed' && `${places.message}; what is typed is taken as it is`}
            {places.state === 'answered' &&
              (rows.length === 0
                ? 'No place fits; what is typed is taken as it is'
                : '↓ choose, Enter take')}
          </div>
        </div>
      )}
    </div>
  );
}

function CodeField() {
  const { setField } = useCallActions();
  const { bind, problem, value } = useField('openingCode');
  const rows = useWindow(({ reference }) => reference?.openingCodes.rows);
  const [isOpen, setOpen] = useState(false);
  const code = rows?.find((row) => row.code === value.trim().toUpperCase());
  const fit = isOpen && rows ? choices(rows, value) : [];
  const picks = usePicks(fit.length);
  const list = useId();
  const take = (at: number) => {
    const row = fit[at];
    if (row) setField('openingCode', row.code);
    picks.forget();
    setOpen(false);
  };
  return (
    <div className="with-picks">
      <label>
        <span className="field-name">
          Opening code{' '}
          {problem !== '' ? (
            <em className="problem">{problem}</em>
          ) : (
            code && <em className="is-ok">{code.name}</em>
          )}
        </span>
        <input
          {...bind}
          className="code-input"
          data-testid="opening-code"
          maxLength={40}
          autoComplete="off"
          role="combobox"
          aria-expanded={fit.length > 0}
          aria-controls={list}
          aria-activedescendant={picks.index >= 0 ? `${list}-${picks.index}` : undefined}
          onChange={(event) => {
            setOpen(true);
            picks.forget();
            bind.onChange(event);
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown' && !isOpen) setOpen(true);
            if (picks.press(event, take, () => setOpen(false))) return;
            // Words that fit one code only are that code; between two nothing is guessed.
            if ((event.key === 'Enter' || event.key === 'Tab') && !code && fit.length === 1)
              take(0);
          }}
          onBlur={() => setOpen(false)}
        />
      </label>
      {fit.length > 0 && (
        <div className="picks" role="listbox" id={list} aria-label="Opening codes">
          {fit.map((row, index) => (
            // The text field hears the keys; a pick is only pointed at.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
            <div
              key={row.code}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === picks.index}
              className="pick"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(index)}
            >
              <b className="mono">{row.code}</b> {row.name}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

const grades: readonly Grade[] = [1, 2, 3, 4];

/** One stop of the tab key: 1 to 4 choose, so do the arrows. */
function GradeField() {
  const { setField } = useCallActions();
  const { problem, value, bind } = useField('grade');
  const id = useId();
  const press = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key] ?? 0;
    const digit = by === 0 ? event.key : String(Math.min(4, Math.max(1, Number(value || 0) + by)));
    if (event.ctrlKey || event.altKey || !/^[1-4]$/.test(digit)) return;
    setField('grade', digit);
    event.preventDefault();
  };
  return (
    <div>
      <span id={id} className="field-name">
        Grade <KeyCap keys="1" />–<KeyCap keys="4" />{' '}
        {problem !== '' && <em className="problem">{problem}</em>}
      </span>
      <div
        className="grades"
        role="radiogroup"
        aria-labelledby={id}
        tabIndex={0}
        data-testid="grade"
        data-value={value}
        data-pad={bind['data-pad']}
        data-field="grade"
        data-keys="own"
        onKeyDown={press}
      >
        {grades.map((grade) => (
          // The group hears the keys; a grade is only pointed at.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={grade}
            role="radio"
            aria-checked={value === String(grade)}
            aria-label={`Grade ${grade}, ${gradeNames[grade]}`}
            className="grade-choice"
            onClick={() => setField('grade', String(grade))}
          >
            <GradeBadge grade={grade} isNamed />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Any number of qualifiers: words filter, Enter adds, Backspace in the empty field takes the last away. */
function QualifiersField() {
  const { setField } = useCallActions();
  const { bind, value } = useField('qualifiers');
  const rows = useWindow(({ reference }) => reference?.qualifiers.rows);
  const [typed, setTyped] = useState('');
  const chosen = qualifiersOf({ qualifiers: value });
  const fit =
    typed === '' ? [] : choices(rows ?? [], typed).filter(({ code }) => !chosen.includes(code));
  const picks = usePicks(fit.length);
  const list = useId();
  const put = (codes: readonly string[]) => setField('qualifiers', codes.join(','));
  const take = (at: number) => {
    const row = fit[at];
    if (row) put([...chosen, row.code]);
    picks.forget();
    setTyped('');
  };
  return (
    <div className="with-picks">
      <label>
        <span className="field-name">
          Qualifiers{' '}
          {chosen.map((code) => (
            <span key={code} className="qualifier">
              {rows?.find((row) => row.code === code)?.name ?? code}
            </span>
          ))}
        </span>
        <input
          data-testid="qualifiers"
          data-pad={bind['data-pad']}
          data-field="qualifiers"
          data-value={value}
          autoComplete="off"
          maxLength={64}
          placeholder="Words, then Enter; Backspace takes the last away"
          value={typed}
          role="combobox"
          aria-expanded={fit.length > 0}
          aria-controls={list}
          aria-activedescendant={picks.index >= 0 ? `${list}-${picks.index}` : undefined}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (picks.press(event, take, () => setTyped(''))) return;
            if (event.key === 'Enter' && fit.length > 0) {
              take(0);
              event.preventDefault();
            } else if (event.key === 'Backspace' && typed === '') put(chosen.slice(0, -1));
          }}
          onBlur={() => setTyped('')}
        />
      </label>
      {fit.length > 0 && (
        <div className="picks picks-above" role="listbox" id={list} aria-label="Qualifiers">
          {fit.map((row, index) => (
            // The text field hears the keys; a pick is only pointed at.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
            <div
              key={row.code}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === Math.max(0, picks.index)}
              className="pick"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(index)}
            >
              {row.name}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
