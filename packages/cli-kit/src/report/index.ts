export { renderReport } from './render-report.js';
export type {
  ChartsSection,
  CodeSection,
  FiguresSection,
  KeyFigure,
  Report,
  ReportSection,
  TableSection,
  TextSection,
} from './report.js';
