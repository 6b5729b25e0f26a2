import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What a page has now that keeps somebody from using it: what axe calls serious or critical, and where. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(source);
  return page.evaluate<
    readonly string[]
  >(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) =>
    // There are words on every page: where none was looked at, nothing was looked at.
    [...violations, ...([...violations, ...passes].some(({ id }) => id === 'color-contrast') ? [] : [{ id: 'axe has not looked', impact: 'critical', nodes: [{ target: 'the page', failureSummary: '' }] }])]
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' at ' + target + ': ' + failureSummary)))`);
}
