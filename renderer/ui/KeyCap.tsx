interface ActionKeyProps {
  readonly keys: string;
  readonly label: string;
  readonly onPress: () => void;
  readonly isMain?: boolean;
}

/** The key of an action, drawn as a key. */
export const KeyCap = ({ keys }: { readonly keys: string }) => <kbd className="key">{keys}</kbd>;

/** An action with its key on it. The pointer can press it too; it never takes the focus away. */
export function ActionKey({ keys, label, onPress, isMain = false }: ActionKeyProps) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-keyshortcuts={keys.replace('Ctrl', 'Control')}
      className={isMain ? 'action is-main' : 'action'}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onPress}
    >
      <KeyCap keys={keys} />
      {label}
    </button>
  );
}
