import type { Focus } from './actions.ts';

const FRAMES_MAX = 10; // a form that has just been asked for is on screen in one or two

const fieldOf = (page: Window, draftId: string, field: string) =>
  [...page.document.querySelectorAll<HTMLElement>(`[data-field="${field}"]`)].find(
    ({ dataset }) => dataset['pad'] === draftId,
  );

/** Finds the field, now or as soon as it is drawn, and puts the caret where it was. */
export function createFocus(page: Window): Focus {
  let asked = 0;
  return (draftId, field, caret) => {
    asked += 1;
    const mine = asked;
    const attempt = (framesLeft: number) => {
      if (mine !== asked) return; // the operator has asked for another place since
      const element = fieldOf(page, draftId, field);
      if (!element) {
        if (framesLeft > 0) page.requestAnimationFrame(() => attempt(framesLeft - 1));
        return;
      }
      element.focus();
      if (caret && (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement))
        element.setSelectionRange(caret.start, caret.end);
    };
    attempt(FRAMES_MAX);
  };
}
