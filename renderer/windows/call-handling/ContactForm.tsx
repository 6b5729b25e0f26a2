import { useId, useState, type ChangeEvent, type KeyboardEvent, type SyntheticEvent } from 'react';
import type { Grade } from '#domain/facts.ts';
import type { FoundPlace } from '#protocol/query.ts';
import {
  choices,
  isPlacePicked,
  placeFoot,
  placeState,
  placeWords,
  qualifiersOf,
} from '../../app/form.ts';
import { FIELD_LENGTH_MAX } from '../../app/pad.ts';
import { selectFormFields } from '../../app/selectors.ts';
import { formDraftId, useWindow } from '../../app/window-store.ts';
import { GradeBadge, gradeNames } from '../../ui/GradeBadge.tsx';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { PickField } from '../../ui/PickField.tsx';
import { CallBar, ChoiceStrip } from './CallBar.tsx';
import { HotkeyStrip } from './HotkeyStrip.tsx';
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
  const { raise, saveDetails, showHotkeys } = useCallActions();
  return (
    <Panel
      title="Contact"
      className="form-panel"
      keys={
        <>
          <KeptWord />
          <KeyCap keys="Alt+2" />
        </>
      }
    >
      <CallBar />
      {(prompt === 'channel' || prompt === 'outcome') && <ChoiceStrip key={prompt} of={prompt} />}
      {prompt === 'hotkeys' && <HotkeyStrip />}
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
          <ActionKey keys="Alt+K" label="Telephone keys" onPress={showHotkeys} />
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

/** Where: what is typed is looked up; a pick has a position, and anything else is kept as typed. */
function PlaceField() {
  const { pickPlace, forgetPlaces } = useCallActions();
  const { bind, problem } = useField('place');
  const places = useWindow((state) => state.places);
  const fields = useWindow(selectFormFields);
  const state = placeState(fields, places);
  const { tone, words } = placeWords(state);
  const isOpen = places !== undefined && !isPlacePicked(fields);
  return (
    <PickField
      name="Where"
      said={
        problem === '' ? (
          <em className={tone} data-testid="place-state" data-state={state.state}>
            {words}
          </em>
        ) : (
          <em className="problem">{problem}</em>
        )
      }
      listName="Places"
      picks={(isOpen ? places.rows : noPlaces).map((place) => ({
        id: `${place.text}|${place.source}|${place.lat}|${place.lon}`,
        shown: (
          <>
            {place.text} <span className="muted">{place.source}</span>
          </>
        ),
        take: () => pickPlace(place),
      }))}
      {...(isOpen && { foot: placeFoot(state) })}
      onClose={forgetPlaces}
      input={{ ...bind, 'data-testid': 'place', maxLength: 200 }}
    />
  );
}

const noPlaces: readonly FoundPlace[] = [];

function CodeField() {
  const { setField } = useCallActions();
  const { bind, problem, value } = useField('openingCode');
  const rows = useWindow(({ reference }) => reference?.openingCodes.rows);
  const [isOpen, setOpen] = useState(false);
  const code = rows?.find((row) => row.code === value.trim().toUpperCase());
  const fit = isOpen && rows ? choices(rows, value) : [];
  const take = (row: { readonly code: string }) => {
    setField('openingCode', row.code);
    setOpen(false);
  };
  return (
    <PickField
      name="Code"
      said={
        problem === '' ? (
          code && <em className="is-ok">{code.name}</em>
        ) : (
          <em className="problem">{problem}</em>
        )
      }
      listName="Opening codes"
      picks={fit.map((row) => ({
        id: row.code,
        shown: (
          <>
            <b className="mono">{row.code}</b> {row.name}
          </>
        ),
        take: () => take(row),
      }))}
      onClose={() => setOpen(false)}
      onKey={(key) => {
        if (key === 'ArrowDown') setOpen(true);
        // Words that fit one code only are that code; between two nothing is guessed.
        const [only] = fit;
        if ((key === 'Enter' || key === 'Tab') && !code && only && fit.length === 1) take(only);
        return key === 'ArrowDown';
      }}
      input={{
        ...bind,
        className: 'code-input',
        'data-testid': 'opening-code',
        maxLength: 40,
        onChange: (event) => {
          setOpen(true);
          bind.onChange(event);
        },
      }}
    />
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
            aria-label={`Grade ${grade}, ${gradeNames[grade].toLowerCase()}`}
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
  const put = (codes: readonly string[]) => setField('qualifiers', codes.join(','));
  return (
    <PickField
      name="Qualifiers"
      said={chosen.map((code) => (
        <span key={code} className="qualifier">
          {rows?.find((row) => row.code === code)?.name ?? code}
        </span>
      ))}
      listName="Qualifiers"
      picks={fit.map(({ code, name }) => ({
        id: code,
        shown: name,
        take: () => {
          put([...chosen, code]);
          setTyped('');
        },
      }))}
      isFirstMeant
      onClose={() => setTyped('')}
      onKey={(key) => {
        if (key === 'Backspace' && typed === '') put(chosen.slice(0, -1));
        return false;
      }}
      input={{
        'data-testid': 'qualifiers',
        'data-pad': bind['data-pad'],
        'data-field': 'qualifiers',
        'data-value': value,
        maxLength: 64,
        placeholder: 'Words, then Enter; Backspace takes the last away',
        value: typed,
        onChange: (event) => setTyped(event.target.value),
      }}
    />
  );
}
