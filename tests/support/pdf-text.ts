import { inflateSync } from 'node:zlib';

/**
 * The words of a PDF that Chromium has made, page by page: its text is written as glyphs of fonts that
 * bring their own table back to letters. Enough for these, and for no other PDFs.
 */
export function pdfPages(pdf: Buffer): readonly string[] {
  const objects = new Map<number, { readonly head: string; readonly stream: string }>();
  const source = pdf.toString('latin1');
  for (const [, id = '', text = ''] of source.matchAll(/(\d+) 0 obj\b(.*?)\bendobj/gs)) {
    const [head = '', rest] = text.split(/\bstream\r?\n/);
    const bytes = Buffer.from(rest?.split(/\r?\nendstream/)[0] ?? '', 'latin1');
    const stream = head.includes('/FlateDecode') ? inflateSync(bytes).toString('latin1') : '';
    objects.set(Number(id), { head, stream });
  }
  const at = (text: string, name: string) =>
    objects.get(Number(new RegExp(`/${name} (\\d+) 0 R`).exec(text)?.[1]));
  const letters = (font: string) => {
    const table = at(font, 'ToUnicode')?.stream ?? '';
    const known = new Map<number, string>();
    const hex = (text: string) => Number.parseInt(text, 16);
    for (const [, glyph = '', letter = ''] of table.matchAll(/^<(\w{4})> <(\w{4})>$/gm))
      known.set(hex(glyph), String.fromCharCode(hex(letter)));
    for (const [, from = '', to = '', letter = ''] of table.matchAll(
      /^<(\w{4})> <(\w{4})> <(\w{4})>$/gm,
    ))
      for (let glyph = hex(from); glyph <= hex(to); glyph += 1)
        known.set(glyph, String.fromCharCode(hex(letter) + glyph - hex(from)));
    return known;
  };
  return [...objects.values()]
    .filter(({ head }) => /\/Type \/Page\b/.test(head))
    .map(({ head }) => {
      const fonts = new Map(
        [...(/\/Font <<(.*?)>>/s.exec(head)?.[1] ?? '').matchAll(/\/(\w+) (\d+) 0 R/g)].map(
          ([, name = '', id]) => [name, letters(objects.get(Number(id))?.head ?? '')] as const,
        ),
      );
      let font = new Map<number, string>();
      let text = '';
      const drawn = at(head, 'Contents')?.stream ?? '';
      for (const [, name, glyphs] of drawn.matchAll(/\/(\w+) [\d.]+ Tf|<([0-9A-F]+)>|\bET\b/g)) {
        if (name !== undefined) font = fonts.get(name) ?? font;
        else if (glyphs === undefined) text += '\n';
        else
          for (const [glyph] of glyphs.matchAll(/\w{4}/g))
            text += font.get(Number.parseInt(glyph, 16)) ?? '?';
      }
      return text;
    });
}
