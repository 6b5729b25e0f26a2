import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import type { Assets } from '#protocol/page.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

/**
 * Reads the built windows once, into an exact map of path to content: no request ever reaches the
 * file system. `windows/dispatch/index.html` is served as `/dispatch`.
 */
export function loadAssets(folder: string): Assets {
  const assets = new Map<string, { type: string; body: Uint8Array }>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).replaceAll('\\', '/')}`;
    const window = /^\/windows\/([a-z-]+)\/index\.html$/.exec(path)?.[1];
    const served = window === undefined ? path.replace(/\/index\.html$/, '/') : `/${window}`;
    assets.set(served, { type, body: readFileSync(file) });
  }
  return assets;
}
