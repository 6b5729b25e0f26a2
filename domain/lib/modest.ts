const ENTRIES_MAX = 500; // the longest list that anybody sends is 400 grants
const DEPTH_MAX = 16; // a command's body in a frame is five deep

/**
 * Whether a value that came as JSON is of a size that a person's work can have. Looked at before a
 * schema is: a schema tells every entry that is wrong, and thousands of them in one frame would stop
 * everybody else for as long as it tells.
 */
export function isModest(value: unknown): boolean {
  const waiting: (readonly [unknown, number])[] = [[value, 0]]; // no recursion: it may be deep
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [it, depth] = next;
    if (typeof it !== 'object' || it === null) continue;
    if (depth >= DEPTH_MAX) return false;
    const entries: readonly unknown[] = Array.isArray(it) ? it : Object.values(it);
    if (entries.length > ENTRIES_MAX) return false;
    for (const entry of entries) waiting.push([entry, depth + 1]);
  }
  return true;
}
