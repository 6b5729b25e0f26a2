import { join } from 'node:path';
import process from 'node:process';
import { existsSync } from 'node:fs';
import { loadAssets } from '#store/load-assets.ts';
import { startDesk, type StartDesk } from '#desk/start-desk.ts';

/** A desk in a fresh process, as a shell starts it, that says when it was called and where it listens. */
export interface FromChild {
  /** Wall-clock milliseconds with fractions, which both processes read alike. */
  readonly calledAt: number;
  readonly address: string;
}

const RENDERER = join(import.meta.dirname, '../../dist/renderer');

process.once('message', (options: StartDesk) => void start(options));

async function start(options: StartDesk) {
  const assets = existsSync(RENDERER) ? loadAssets(RENDERER) : new Map<string, never>();
  const calledAt = performance.timeOrigin + performance.now();
  const desk = await startDesk(options, assets);
  const said: FromChild = { calledAt, address: desk.address('call-handling') };
  process.send?.(said);
  process.once('SIGTERM', () => {
    void desk.close().then(() => process.exit(0));
  });
}
