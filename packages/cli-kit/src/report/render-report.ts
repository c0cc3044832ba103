import { escapeXml } from '../internal/escape-xml.js';
import { renderSection } from './internal/render-section.js';
import { reportStyle } from './internal/report-style.js';
import type { Report } from './report.js';

/** Even if text slipped through unescaped, such a page may load nothing and run nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/**
 * Write a report as one HTML page that needs nothing else: no scripts, no requests, charts drawn inside.
 *
 * The page follows the reader's light or dark setting, fits narrow screens and paper, and has the numbers of every
 * chart as a table under it. All text is escaped. The same report gives the same page.
 *
 * @returns the whole document, from `<!doctype html>` on
 * @throws {RangeError} when there are no sections, a table or a chart is malformed (the message names the section), or
 * `language` is no language tag
 */
export function renderReport(report: Report): string {
  const { title, subtitle, sections, footer, language = 'en' } = report;
  if (sections.length === 0) throw new RangeError('renderReport: sections is empty, expected at least one');
  if (!/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(language)) {
    throw new RangeError(`renderReport: language is "${language}", expected a tag such as en or pt-BR`);
  }
  const body = sections.map((section, index) => {
    try {
      return renderSection(section, index);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      const Kind = cause instanceof TypeError ? TypeError : RangeError;
      throw new Kind(`renderReport: sections[${index}]: ${cause.message}`, { cause });
    }
  });
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeXml(title)}</title>
<style>
${reportStyle()}
</style>
</head>
<body>
<main>
<header>
<h1>${escapeXml(title)}</h1>
${subtitle ? `<p class="subtitle">${escapeXml(subtitle)}</p>\n` : ''}</header>
${body.join('\n')}
${footer ? `<footer>${escapeXml(footer)}</footer>\n` : ''}</main>
</body>
</html>
`;
}
