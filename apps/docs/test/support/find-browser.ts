import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * The Chromium the tests drive: `CHROMIUM_PATH`, else one on the PATH; undefined, with a line that says so, when there is none.
 *
 * @throws {Error} when there is none and `REQUIRE_BROWSER=1`
 */
export function findBrowser(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const candidates = environment['CHROMIUM_PATH']
    ? [environment['CHROMIUM_PATH']]
    : (environment['PATH'] ?? '')
        .split(delimiter)
        .flatMap((folder) => names.map((name) => join(folder, name)));
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  const reason = environment['CHROMIUM_PATH']
    ? `CHROMIUM_PATH names "${environment['CHROMIUM_PATH']}", which is not there`
    : 'no Chromium on the PATH and CHROMIUM_PATH is not set';
  if (environment['REQUIRE_BROWSER'] === '1') throw new Error(`REQUIRE_BROWSER=1, but ${reason}`);
  console.warn(`browser tests are skipped: ${reason}`);
  return undefined;
}
