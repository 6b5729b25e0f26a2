import type { Assets } from '#protocol/page.ts';
import { loadAssets } from '#store/load-assets.ts';

/** The built windows, for a shell that serves them itself: shells know the desk, and not its store. */
export const windowAssets = (folder: string): Assets => loadAssets(folder);
