import type { ActionPorts } from './actions.ts';
import { isTyping } from './keys.ts';

const FRAMES_MAX = 10; // a form that has just been asked for is on screen in one or two
const HOLD_MS = 1_000; // a desk that takes longer is one that the operator looks up at
const HELD_MAX = 1_000;

const fieldOf = (page: Window, draftId: string, field: string) =>
  [...page.document.querySelectorAll<HTMLElement>(`[data-field="${field}"]`)].find(
    ({ dataset }) => dataset['pad'] === draftId,
  );

const isText = (element: unknown) =>
  element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;

/** What puts the caret back exactly where it is now, once whatever was opened is closed again. */
export function caretBack(element: unknown): () => void {
  if (!(element instanceof HTMLElement) || element === document.body) return () => {};
  const isWriting = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
  const range = isWriting ? [element.selectionStart, element.selectionEnd] : [];
  return () => {
    element.focus();
    if (isWriting) element.setSelectionRange(range[0] ?? null, range[1] ?? null);
  };
}

/** Puts keys into a field as if they had been pressed there. */
function typeInto(element: HTMLElement, keys: readonly string[]): void {
  if (!isText(element)) {
    for (const key of keys)
      element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    return;
  }
  const end = element.value.length;
  const [from, to] = [element.selectionStart ?? end, element.selectionEnd ?? end];
  element.setRangeText(keys.join(''), from, to, 'end');
  element.dispatchEvent(new InputEvent('input', { bubbles: true }));
}

/**
 * Finds the field that was asked for, now or as soon as it is drawn, and puts the caret where it was. What
 * is pressed while there is no field to write in waits and goes into that one, so no character is lost.
 */
export function createFocus(
  page: Window,
  signal: AbortSignal,
): Pick<ActionPorts, 'focus' | 'hold'> {
  let asked = 0;
  let isDrawing = false;
  let holdUntil = 0;
  let held: string[] = [];
  let heldAt = 0;

  page.addEventListener(
    'keydown',
    (event) => {
      const isHolding = isDrawing || page.performance.now() < holdUntil;
      if (!isHolding || isTyping(page.document.activeElement)) return;
      if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === 'Backspace' && held.length > 0) held.pop();
      else if (event.key.length === 1 && held.length < HELD_MAX) held.push(event.key);
      else return;
      heldAt = page.performance.now();
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true, signal },
  );

  return {
    hold() {
      held = [];
      holdUntil = page.performance.now() + HOLD_MS;
    },

    focus(draftId, field, caret) {
      asked += 1;
      const mine = asked;
      isDrawing = true;
      const attempt = (): boolean => {
        if (mine !== asked) return true; // the operator has asked for another place since
        const element = fieldOf(page, draftId, field);
        if (!element) return false;
        isDrawing = false;
        holdUntil = 0;
        element.focus();
        if (isText(element)) {
          const end = element.value.length;
          element.setSelectionRange(caret?.start ?? end, caret?.end ?? end);
        }
        // What was typed for a form that never came is not put into another one.
        const keys = page.performance.now() - heldAt <= HOLD_MS ? held : [];
        held = [];
        if (keys.length > 0) typeInto(element, keys);
        return true;
      };
      const inFrames = (framesLeft: number) => {
        if (attempt()) return;
        if (framesLeft > 0) page.requestAnimationFrame(() => inFrames(framesLeft - 1));
        else isDrawing = false;
      };
      if (attempt()) return;
      // What was asked for is most often drawn before the next key can be heard.
      page.queueMicrotask(() => {
        if (!attempt()) page.requestAnimationFrame(() => inFrames(FRAMES_MAX));
      });
    },
  };
}
