/** Gives a text to the person as a file; nothing on screen moves, and the focus stays. */
export function download(page: Window & typeof globalThis, name: string, text: string): void {
  const url = page.URL.createObjectURL(new page.Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = page.document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  page.setTimeout(() => page.URL.revokeObjectURL(url), 60_000); // by then it is on the disk
}
