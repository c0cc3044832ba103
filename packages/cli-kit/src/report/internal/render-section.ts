import { chartTable } from '../../charts/chart-table.js';
import type { ChartSpec } from '../../charts/chart-spec.js';
import { renderChart } from '../../charts/render-chart.js';
import { formatNumber } from '../../format-number.js';
import { escapeXml } from '../../internal/escape-xml.js';
import { layoutTable } from '../../internal/layout-table.js';
import type { Table } from '../../table.js';
import type { ReportSection } from '../report.js';

const MOST_DATA_ROWS = 200;

/** One section as HTML; `index` makes the ids of its charts differ from those of the other sections. */
export function renderSection(section: ReportSection, index: number): string {
  const heading = section.heading ? `<h2>${escapeXml(section.heading)}</h2>\n` : '';
  return `<section>\n${heading}${renderContent(section, index)}\n</section>`;
}

function renderContent(section: ReportSection, index: number): string {
  switch (section.type) {
    case 'text':
      return section.text
        .split(/\n\s*\n/)
        .filter((paragraph) => paragraph.trim() !== '')
        .map((paragraph) => `<p>${escapeXml(paragraph.trim())}</p>`)
        .join('\n');
    case 'figures': {
      const tiles = section.figures.map(({ label, value, note }) => {
        const shown = typeof value === 'number' ? formatNumber(value) : value;
        const below = note ? `<dd class="note">${escapeXml(note)}</dd>` : '';
        return `<div><dt>${escapeXml(label)}</dt><dd>${escapeXml(shown)}</dd>${below}</div>`;
      });
      return `<dl class="figures">\n${tiles.join('\n')}\n</dl>`;
    }
    case 'table':
      return renderTable(section.table, section.caption);
    case 'charts':
      return `<div class="charts">\n${section.charts
        .map((chart, k) => renderFigure(chart, `chart-${index + 1}-${k + 1}`))
        .join('\n')}\n</div>`;
    case 'code':
      return `<pre tabindex="0"><code>${escapeXml(section.code)}</code></pre>`;
    default:
      throw new TypeError(
        `type is ${JSON.stringify((section as { type: unknown }).type)}, expected text, figures, table, charts or code`,
      );
  }
}

function renderTable(table: Table, caption?: string): string {
  const { headers, alignments, rows } = layoutTable('table', table);
  const side = (c: number): string => (alignments[c] === 'right' ? ' class="number"' : '');
  const head = headers.map((text, c) => `<th scope="col"${side(c)}>${escapeXml(text)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map(({ text, best }, c) => {
      const shown = best ? `<strong>${escapeXml(text)}</strong>` : escapeXml(text);
      return `<td${side(c)}>${shown}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  const title = caption ? `<caption>${escapeXml(caption)}</caption>` : '';
  return `<div class="scroll" tabindex="0"><table>${title}<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody></table></div>`;
}

function renderFigure(chart: ChartSpec, id: string): string {
  const svg = renderChart(chart, { id });
  const table = chartTable(chart);
  const shown = table.rows.slice(0, MOST_DATA_ROWS);
  const left = table.rows.length - shown.length;
  const rest = left > 0 ? `<p class="note">… and ${formatNumber(left)} more rows</p>` : '';
  const description = chart.description ? `<p class="note">${escapeXml(chart.description)}</p>` : '';
  return `<figure>
<figcaption>${escapeXml(chart.title)}</figcaption>${description}
<div class="drawing">${svg}</div>
<details><summary>Data</summary>
${renderTable({ columns: table.columns, rows: shown })}${rest}
</details>
</figure>`;
}
