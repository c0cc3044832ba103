import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Report } from '../report/report.js';

/**
 * Write a report to a file, whole or not at all: it goes to a temporary file beside, which then takes the name.
 *
 * @param path - the file, usually `….html`; one that exists is replaced
 * @param report - a report, or a page `renderReport` made
 * @throws {Error} when the folder does not exist or cannot be written to
 * @throws {RangeError} as `renderReport` does, before anything is written
 */
export async function writeReport(path: string, report: Report | string): Promise<void> {
  const page = typeof report === 'string' ? report : await render(report);
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new Error(`writeReport: there is no folder "${folder}"; create it first`);
  await writeFileAtomic(path, page, 'utf8');
}

/** Loaded when needed, as the chart library takes a quarter of a second. */
async function render(report: Report): Promise<string> {
  const { renderReport } = await import('../report/render-report.js');
  return renderReport(report);
}
