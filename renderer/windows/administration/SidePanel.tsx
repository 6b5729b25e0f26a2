import { useId, type KeyboardEvent, type ReactNode, type SubmitEvent } from 'react';
import { useWindow } from '../../app/window-store.ts';
import { Countdown } from '../../ui/Clock.tsx';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { formPad, useAdminActions } from './admin-actions.ts';
import { useAdmin, type FormName } from './admin-store.ts';
import { roleChoices, roleWords } from './admin-words.ts';

/** Beside the list: what was told once, and the form that a key has opened. */
export function SidePanel() {
  const form = useAdmin((state) => state.form);
  const hasSecret = useAdmin(({ secret }) => secret !== undefined);
  return (
    <div className="column column-admin">
      <SecretBox />
      {form === 'add-user' && <AddUser />}
      {form === 'set-user-role' && <ChooseRole />}
      {form === 'make-desk-code' && <MakeCode />}
      {form === 'make-api-key' && <MakeKey />}
      {form === undefined && !hasSecret && <HowItWorks />}
    </div>
  );
}

/** Of no list, so it has no age: what stands in it is of this window alone. */
function Box({
  title,
  className = '',
  keys,
  testId,
  children,
}: {
  readonly title: string;
  readonly className?: string;
  readonly keys?: ReactNode;
  readonly testId?: string;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={`panel admin-box ${className}`} aria-labelledby={id} data-testid={testId}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {keys !== undefined && <span className="panel-keys">{keys}</span>}
      </header>
      {children}
    </section>
  );
}

/** On screen until it is put away, or the list is left; then nobody has it but who wrote it down. */
function SecretBox() {
  const { leave } = useAdminActions();
  const secret = useAdmin((state) => state.secret);
  if (!secret) return null;
  return (
    <Box
      title={secret.title}
      className="admin-secret"
      testId="secret"
      keys={<ActionKey keys="Esc" label="Put away" onPress={leave} />}
    >
      <div className="admin-side">
        <output className="admin-secret-text mono" data-testid="secret-text">
          {secret.secret}
        </output>
        <p>
          <b>Told only now.</b> {secret.words}
        </p>
        {secret.notAfter !== undefined && (
          <p data-testid="secret-life">
            Runs out in <Countdown to={secret.notAfter} label="Runs out in" />
          </p>
        )}
      </div>
    </Box>
  );
}

function HowItWorks() {
  return (
    <Box title="What is done here">
      <div className="admin-side muted">
        <p>Choose a row with the arrow keys, then press the key of what is to be done.</p>
        <p>
          What takes something from somebody asks for the same key once more. All of it is on
          record, with your name.
        </p>
        <p>Nothing is done while the server does not answer.</p>
      </div>
    </Box>
  );
}

function Form({
  form,
  title,
  enter,
  children,
}: {
  readonly form: FormName;
  readonly title: string;
  readonly enter: string;
  readonly children: ReactNode;
}) {
  const { submit, leave } = useAdminActions();
  const isAsked = useAdmin(({ asked }) => [...asked].some((it) => it.includes(`"what":"${form}"`)));
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    void submit(form);
  };
  return (
    <Box title={title} keys={<ActionKey keys="Esc" label="Leave" onPress={leave} />}>
      <form className="admin-side" aria-label={title} data-testid={`form-${form}`} onSubmit={send}>
        {children}
        <button type="submit" className="action is-main" disabled={isAsked}>
          <KeyCap keys="Enter" />
          {isAsked ? 'Asked…' : enter}
        </button>
      </form>
    </Box>
  );
}

interface FieldProps {
  readonly form: FormName;
  readonly field: string;
  readonly name: string;
  /** What it may hold, said before it is refused. */
  readonly rule: string;
  readonly max: number;
}

function Field({ form, field, name, rule, max }: FieldProps) {
  const { typeIn } = useAdminActions();
  const value = useWindow(({ pads }) => pads.get(formPad(form))?.fields[field] ?? '');
  const problem = useAdmin((state) => (state.problem?.field === field ? state.problem.text : ''));
  const id = useId();
  return (
    <label>
      <span className="field-name">{name}</span>
      <input
        data-pad={formPad(form)}
        data-field={field}
        data-testid={`field-${field}`}
        aria-describedby={id}
        aria-invalid={problem !== ''}
        autoComplete="off"
        spellCheck={false}
        maxLength={max}
        value={value}
        onChange={({ target: { value: text, selectionStart, selectionEnd } }) =>
          typeIn(form, field, text, {
            field,
            start: selectionStart ?? text.length,
            end: selectionEnd ?? text.length,
          })
        }
      />
      <span id={id} className={problem === '' ? 'muted' : 'problem'} data-testid={`rule-${field}`}>
        {problem === '' ? rule : problem}
      </span>
    </label>
  );
}

function AddUser() {
  const form = 'add-user';
  return (
    <Form form={form} title="Add a person" enter="Add">
      <Field
        form={form}
        field="name"
        name="Signs in as"
        rule="2 to 32 letters, digits, dots, dashes or underlines; it stays theirs for good"
        max={32}
      />
      <Field
        form={form}
        field="displayName"
        name="Shown as"
        rule="As the others are to see it"
        max={100}
      />
      <RoleField />
    </Form>
  );
}

/** One of six, by its digit or with the arrow keys. */
function RoleField() {
  const { setField } = useAdminActions();
  const value = useWindow(({ pads }) => pads.get(formPad('add-user'))?.fields['role'] ?? '');
  const problem = useAdmin((state) => (state.problem?.field === 'role' ? state.problem.text : ''));
  const id = useId();
  const put = (role: string | undefined) =>
    role !== undefined && setField('add-user', 'role', role);
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = roleChoices.findIndex((role) => role === value);
    if (by !== undefined) put(roleChoices[Math.min(5, Math.max(0, at + by))]);
    else if (/^[1-6]$/.test(event.key)) put(roleChoices[Number(event.key) - 1]);
    else if (event.key === 'Enter') event.currentTarget.closest('form')?.requestSubmit();
    else return;
    event.preventDefault();
  };
  return (
    <div>
      <span id={id} className="field-name">
        Role <KeyCap keys="1" />–<KeyCap keys="6" />{' '}
        {problem !== '' && <em className="problem">{problem}</em>}
      </span>
      <div
        className="admin-roles"
        role="radiogroup"
        aria-labelledby={id}
        tabIndex={0}
        data-pad={formPad('add-user')}
        data-field="role"
        data-keys="own"
        data-testid="field-role"
        data-value={value}
        onKeyDown={press}
      >
        {roleChoices.map((role, n) => (
          // The group hears the keys; a role is only pointed at.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={role}
            role="radio"
            aria-checked={value === role}
            className="admin-role"
            onClick={() => put(role)}
          >
            <KeyCap keys={String(n + 1)} /> {roleWords[role]}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The role of whoever is chosen: its digit sets it, at once. */
function ChooseRole() {
  const { setRole, leave } = useAdminActions();
  const id = useWindow(({ selected }) => selected.people);
  const row = useAdmin(({ lists }) => lists.people.rows.find((it) => it.id === id));
  return (
    <Box
      title={`Role of ${row?.displayName ?? ''}`}
      keys={<ActionKey keys="Esc" label="Leave" onPress={leave} />}
    >
      <div className="admin-side">
        <p>
          Now <b>{row && roleWords[row.role]}</b>. A digit gives another one, from now on and also
          where they are signed in.
        </p>
        <div
          className="admin-roles"
          role="group"
          aria-label="Roles"
          tabIndex={-1}
          data-pad={formPad('set-user-role')}
          data-field="role"
          data-testid="choose-role"
        >
          {roleChoices.map((role, n) => (
            <ActionKey
              key={role}
              keys={String(n + 1)}
              label={roleWords[role]}
              onPress={() => setRole(role)}
            />
          ))}
        </div>
      </div>
    </Box>
  );
}

function MakeCode() {
  const form = 'make-desk-code';
  return (
    <Form form={form} title="Code for a desk" enter="Make the code">
      <Field
        form={form}
        field="desk"
        name="Desk"
        rule="Empty: one new desk of any name. The name of a desk that is enrolled: a new key for it"
        max={64}
      />
      <p className="muted">It is good once, and for 15 minutes.</p>
    </Form>
  );
}

function MakeKey() {
  const form = 'make-api-key';
  return (
    <Form form={form} title="Key for an outside system" enter="Make the key">
      <Field
        form={form}
        field="name"
        name="System"
        rule="2 to 100 characters: a system, not a person. It stands in each contact that it hands in, and stays taken"
        max={100}
      />
    </Form>
  );
}
