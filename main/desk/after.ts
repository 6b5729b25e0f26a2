/** Runs `work` once after `ms`, unless it is disposed of first. It keeps no process alive. */
export function after(ms: number, work: () => void): Disposable {
  const timer = setTimeout(work, ms).unref();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
