import { formatNumber } from '@weightloom/cli-kit';
import type { Report, ReportSection } from '@weightloom/cli-kit/report';
import { drawChart, type DrawnChart } from '../draw-chart.js';

/** A table whose cells are words already, so that it can cross from a worker. */
export interface PlainTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type PageSection = { readonly heading?: string | undefined } & (
  | { readonly type: 'figures'; readonly figures: readonly { label: string; value: string; note?: string }[] }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'table'; readonly table: PlainTable; readonly caption?: string | undefined }
  | { readonly type: 'charts'; readonly charts: readonly DrawnChart[] }
  | { readonly type: 'code'; readonly code: string }
);

/** A report ready for a page of the site: charts drawn, numbers written. */
export interface PageReport {
  readonly title: string;
  readonly sections: readonly PageSection[];
}

export const pageReport = ({ title, sections }: Report): PageReport => ({
  title,
  sections: sections.map(pageSection),
});

function pageSection(section: ReportSection): PageSection {
  const { heading } = section;
  switch (section.type) {
    case 'figures':
      return {
        heading,
        type: 'figures',
        figures: section.figures.map((figure) => ({ ...figure, value: words(figure.value) })),
      };
    case 'charts':
      return { heading, type: 'charts', charts: section.charts.map(drawChart) };
    case 'table': {
      const { columns, rows } = section.table;
      const headers = columns.map((column) => (typeof column === 'string' ? column : column.header));
      const cells = rows.map((row) =>
        row.map((cell, i) => {
          const column = columns[i]!;
          const format = typeof column === 'string' ? undefined : column.format;
          return typeof cell === 'number' ? (format ?? formatNumber)(cell) : words(cell);
        }),
      );
      return {
        heading,
        type: 'table',
        table: { columns: headers, rows: cells },
        caption: section.caption,
      };
    }
    default:
      return section;
  }
}

const words = (value: unknown): string =>
  typeof value === 'number' ? formatNumber(value) : String(value ?? '');
