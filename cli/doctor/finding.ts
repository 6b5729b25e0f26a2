/** What was looked at, how it stands, and what is to be done about it. */
export interface Finding {
  readonly check: string;
  readonly state: 'fine' | 'warning' | 'fault';
  /** In one line for a person. */
  readonly found: string;
  /** Where it is not fine: what helps. */
  readonly todo?: string;
}

export const fine = (check: string, found: string): Finding => ({ check, state: 'fine', found });

export const warning = (check: string, found: string, todo: string): Finding => ({
  check,
  state: 'warning',
  found,
  todo,
});

export const fault = (check: string, found: string, todo: string): Finding => ({
  check,
  state: 'fault',
  found,
  todo,
});

/** What somebody's error says, in one line. */
export const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');

/** A check that cannot be made is a fault of its own, and keeps none of the others from being made. */
export async function looked(
  check: string,
  todo: string,
  look: () => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [fault(check, wordsOf(error), todo)];
  }
}
