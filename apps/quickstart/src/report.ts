import type { Report } from '@weightloom/cli-kit/report';
import type { Table } from '@weightloom/cli-kit';
import { learningRates, type Outcome } from './experiment.js';
import { curveOf, gainsOf, meanGain, rowsOf } from './summary.js';

const percent = (value: number): string => value.toFixed(1);

/** Accuracy of every model and merge, mean over seeds. */
export function scoreTable(outcomes: readonly Outcome[]): Table {
  return {
    columns: [
      'model',
      { header: 'clean %', best: 'max', format: percent },
      { header: '± sd', format: percent },
      { header: 'shifted %', best: 'max', format: percent },
      { header: '± sd', format: percent },
    ],
    rows: rowsOf(outcomes).map((r) => [
      r.kind === 'variant'
        ? `${r.name} (learning rate ${learningRates[Number(r.name.slice(-1)) - 1]})`
        : r.name,
      r.clean,
      r.cleanDeviation,
      r.shifted,
      r.shiftedDeviation,
    ]),
  };
}

/** The uniform soup against its ingredients, seed by seed. */
export function gainTable(outcomes: readonly Outcome[]): Table {
  return {
    columns: [
      'seed',
      { header: 'uniform soup %', format: percent },
      { header: 'mean ingredient %', format: percent },
      { header: 'gain, points', format: percent },
    ],
    rows: gainsOf(outcomes).map((g) => [String(g.seed), g.soup, g.ingredients, g.gain]),
  };
}

export function reportOf(outcomes: readonly Outcome[], seconds: number): Report {
  const rows = rowsOf(outcomes);
  const gains = gainsOf(outcomes);
  const digits = Array.from({ length: 10 }, (_, i) => String(i));
  const confusion = digits.map((_, i) =>
    digits.map((__, j) => outcomes.reduce((n, o) => n + o.confusion[i][j], 0)),
  );
  const best = rows.filter((r) => r.kind === 'merge').reduce((a, b) => (b.shifted > a.shifted ? b : a));
  return {
    title: 'Weightloom quickstart',
    subtitle: `Four fine-tunes of one digit model, merged six ways; mean of ${outcomes.length} seeds.`,
    sections: [
      {
        type: 'figures',
        figures: [
          {
            label: 'Uniform soup over its mean ingredient',
            value: `${meanGain(gains) >= 0 ? '+' : ''}${percent(meanGain(gains))}`,
            note: 'points on shifted pictures',
          },
          {
            label: 'Best merge on shifted pictures',
            value: best.name,
            note: `${percent(best.shifted)} % right`,
          },
          {
            label: 'Base model on shifted pictures',
            value: `${percent(rows[0].shifted)} %`,
            note: `${percent(rows[0].clean)} % on clean ones`,
          },
          { label: 'Computed in', value: `${seconds.toFixed(1)} s`, note: `on ${outcomes[0].backend}` },
        ],
      },
      {
        type: 'charts',
        heading: 'How each model does',
        charts: [
          {
            type: 'bar',
            title: 'Accuracy per model and merge',
            description:
              'Share of right answers on clean and shifted test pictures; bars reach one standard deviation over seeds.',
            categories: rows.map((r) => r.name),
            categoryLabel: 'model',
            valueAxis: { label: 'right answers, %' },
            horizontal: true,
            height: 460,
            series: [
              { name: 'clean', values: rows.map((r) => r.clean), errors: rows.map((r) => r.cleanDeviation) },
              {
                name: 'shifted',
                values: rows.map((r) => r.shifted),
                errors: rows.map((r) => r.shiftedDeviation),
              },
            ],
          },
          {
            type: 'line',
            title: 'From the base to the soup and beyond',
            description:
              'Accuracy of base + t · (soup − base); bands span the seeds. At t = 1 stands the uniform soup.',
            height: 460,
            xAxis: { label: 't' },
            yAxis: { label: 'right answers, %' },
            series: [
              { name: 'clean', ...curveOf(outcomes, 'clean') },
              { name: 'shifted', ...curveOf(outcomes, 'shifted') },
            ],
          },
        ],
      },
      {
        type: 'table',
        table: scoreTable(outcomes),
        caption: 'Mean and standard deviation over seeds; the best in bold.',
      },
      {
        type: 'table',
        heading: 'Seed by seed',
        table: gainTable(outcomes),
        caption: 'On shifted test pictures.',
      },
      {
        type: 'charts',
        heading: 'What the soup confuses',
        charts: [
          {
            type: 'heatmap',
            title: 'Confusion matrix of the uniform soup, shifted pictures',
            description: 'Rows are the digits shown, columns the answers; counts over all seeds.',
            rows: digits,
            columns: digits,
            rowLabel: 'shown',
            columnLabel: 'answered',
            values: confusion,
          },
        ],
      },
      {
        type: 'text',
        heading: 'How this was made',
        text: [
          'A network of 64-128-10 units is trained on 600 clean digits. Four copies are fine-tuned on 150 shifted digits each: every picture is moved left or right by up to one pixel and gets Gaussian noise of standard deviation 0.1; learning rates and data differ. The merges see only the weights; the greedy soup also a validation set of 150 shifted digits. The 447 test digits are in no other part.',
          'slerp joins variants 2 and 3; taskArithmetic adds all four with weight 0.4; tiesMerge keeps half of each difference.',
        ].join('\n\n'),
      },
    ],
    footer:
      'Data: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits (test part), UCI Machine Learning Repository, CC BY 4.0.',
  };
}
