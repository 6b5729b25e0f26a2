// What a page offers to the function below; this layer is compiled without the browser's types.
interface PageEvent {
  readonly source: unknown;
  readonly origin: string;
  readonly data: { readonly type?: unknown } | null;
}
interface KeyDown {
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
  readonly repeat: boolean;
  preventDefault(): void;
}
interface World {
  readonly location: { readonly origin: string };
  holdfastChords?: readonly string[];
  addEventListener(type: 'keydown', listener: (event: KeyDown) => void, capture: true): void;
  addEventListener(type: 'message', listener: (event: PageEvent) => void): void;
}

/**
 * Runs in a page's isolated world: passes on the hotkeys and the page's request for a new line. It is
 * sent as text, so it uses nothing from this module; called again, it only takes the new hotkeys.
 */
export function listenInPage(chords: readonly string[], binding: string): void {
  const world = globalThis as unknown as World;
  const isListening = world.holdfastChords !== undefined;
  world.holdfastChords = chords;
  if (isListening) return;
  const tell = (payload: string) =>
    (globalThis as unknown as Record<string, (payload: string) => void>)[binding]?.(payload);
  world.addEventListener('message', ({ source, origin, data }) => {
    if (source !== globalThis || origin !== world.location.origin) return;
    if (data?.type === 'holdfast:again') tell('again');
  });
  world.addEventListener(
    'keydown',
    (event) => {
      const key = event.code.replace(/^(Key|Digit)/, '');
      const held = [
        event.ctrlKey && 'Ctrl',
        event.altKey && 'Alt',
        event.shiftKey && 'Shift',
        event.metaKey && 'Meta',
      ];
      const chord = [...held.filter(Boolean), key].join('+');
      if (event.repeat || !world.holdfastChords?.includes(chord)) return;
      event.preventDefault();
      tell(chord);
    },
    true,
  );
}
