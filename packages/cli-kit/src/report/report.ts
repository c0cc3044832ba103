import type { ChartSpec } from '../charts/chart-spec.js';
import type { Table } from '../table.js';

interface SectionBase {
  /** Set above the section. Without it the section continues the one before. */
  heading?: string;
}

/** Paragraphs of plain text, parted by empty lines. */
export interface TextSection extends SectionBase {
  type: 'text';
  text: string;
}

/** One number that matters, in a tile. */
export interface KeyFigure {
  label: string;
  /** Text, or a number to be written as `formatNumber` does. */
  value: string | number;
  /** A few words under the value: unit, baseline, range. */
  note?: string;
}

export interface FiguresSection extends SectionBase {
  type: 'figures';
  figures: readonly KeyFigure[];
}

export interface TableSection extends SectionBase {
  type: 'table';
  table: Table;
  caption?: string;
}

/** Charts beside one another where the page is wide enough. */
export interface ChartsSection extends SectionBase {
  type: 'charts';
  charts: readonly ChartSpec[];
}

/** Text kept as it is, such as a recipe or a command line. */
export interface CodeSection extends SectionBase {
  type: 'code';
  code: string;
}

export type ReportSection = TextSection | FiguresSection | TableSection | ChartsSection | CodeSection;

/** A page of results. All text is plain text. */
export interface Report {
  title: string;
  subtitle?: string;
  sections: readonly ReportSection[];
  /** Small print at the end: program, version, sources and licences of data. */
  footer?: string;
  /** Language of the text, a BCP 47 tag. Default `en`. */
  language?: string;
}
