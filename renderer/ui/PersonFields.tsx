const NAME_MAX = 64; // of an account, as the server reads it
const PASSWORD_MAX = 256; // the same
const PASSWORD_MIN = 12; // of a new one, as the server asks

interface FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The one thing to do here, or asked for by the answer to the operator's own Enter. */
  readonly isFirst?: boolean;
  /** What it is known by, such as `data-testid`. */
  readonly marks: Readonly<Record<`data-${string}`, string>>;
}

interface PasswordProps extends FieldProps {
  readonly isShown?: boolean;
}

/** The name that somebody signs in with. */
export function NameField({ value, onChange, isFirst = false, marks }: FieldProps) {
  return (
    <label>
      Name
      <input
        // Nobody is working yet whose focus it could take.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={isFirst}
        autoComplete="username"
        spellCheck={false}
        maxLength={NAME_MAX}
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
        {...marks}
      />
    </label>
  );
}

/** The password that somebody has. */
export function PasswordField(props: PasswordProps) {
  return <Secret name="Password" autoComplete="current-password" {...props} />;
}

/** A password of one's own, in the place of one for once. */
export function NewPasswordField(props: PasswordProps) {
  return (
    <Secret
      name={`New password, at least ${PASSWORD_MIN} characters`}
      autoComplete="new-password"
      minLength={PASSWORD_MIN}
      {...props}
    />
  );
}

function Secret({
  name,
  autoComplete,
  minLength,
  value,
  onChange,
  isFirst = false,
  isShown = false,
  marks,
}: PasswordProps & {
  readonly name: string;
  readonly autoComplete: 'current-password' | 'new-password';
  readonly minLength?: number;
}) {
  return (
    <label>
      {name}
      <input
        // As above.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={isFirst}
        type={isShown ? 'text' : 'password'}
        autoComplete={autoComplete}
        minLength={minLength}
        maxLength={PASSWORD_MAX}
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
        {...marks}
      />
    </label>
  );
}
