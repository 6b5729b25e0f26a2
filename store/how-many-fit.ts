/** How many of the JSON texts, from the first on, stand in an array of so many bytes. */
export function howManyFit(texts: readonly string[], room: number): number {
  let bytes = 0;
  let count = 0;
  for (const text of texts) {
    bytes += Buffer.byteLength(text) + 1; // and the comma
    if (bytes > room) break;
    count += 1;
  }
  return count;
}
