import { join } from 'node:path';
import { defineConfig } from 'vite';

const renderer = join(import.meta.dirname, 'renderer');

// One page a window. The pages are served by a desk (or the server) under a strict content security
// policy: no inline script, no data: address, nothing from elsewhere.
export default defineConfig({
  root: renderer,
  base: '/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    outDir: join(import.meta.dirname, 'dist/renderer'),
    emptyOutDir: true,
    assetsDir: 'assets',
    assetsInlineLimit: 0, // an inlined asset is a data: address
    modulePreload: { polyfill: false }, // the polyfill is an inline script, and Chromium needs none
    target: 'esnext', // the windows run on the Chromium we start or ship, nothing older
    rolldownOptions: {
      input: {
        index: join(renderer, 'index.html'),
        'call-handling': join(renderer, 'windows/call-handling/index.html'),
        dispatch: join(renderer, 'windows/dispatch/index.html'),
        administration: join(renderer, 'windows/administration/index.html'),
        'live-log': join(renderer, 'windows/live-log/index.html'),
        supervisor: join(renderer, 'windows/supervisor/index.html'),
      },
    },
  },
});
