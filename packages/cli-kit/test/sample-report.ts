import type { ChartSpec } from '../src/charts/index.js';
import type { Report } from '../src/report/index.js';

const steps = Array.from({ length: 25 }, (_, i) => i * 20);
const decay = (start: number, rate: number): number[] => steps.map((x) => start * Math.exp(-rate * x) + 0.2);

/** One chart of every kind, with made-up numbers that look like the real thing. */
export const sampleCharts = {
  line: {
    type: 'line',
    title: 'Validation loss',
    description: 'Mean of five seeds; the band spans least and greatest.',
    xAxis: { label: 'step' },
    yAxis: { label: 'cross-entropy (nats)' },
    series: [
      {
        name: 'LoRA, rank 8',
        x: steps,
        y: decay(2, 0.012),
        band: { lower: decay(1.8, 0.013), upper: decay(2.3, 0.011) },
      },
      { name: 'full fine-tuning', x: steps, y: decay(2, 0.02) },
      { name: 'DoRA', x: steps, y: decay(2.1, 0.009) },
      { name: 'base model', x: [0, 480], y: [2.2, 2.2], dashed: true, points: false },
    ],
  },
  logLine: {
    type: 'line',
    title: 'Privacy spent',
    xAxis: { label: 'noise multiplier', scale: 'log' },
    yAxis: { label: 'ε at δ = 1e-5', scale: 'log' },
    series: [{ name: 'ε', x: [0.5, 0.7, 1, 2, 4, 8, 16], y: [31, 14, 5.9, 1.7, 0.71, 0.33, 0.16] }],
  },
  bar: {
    type: 'bar',
    title: 'Accuracy by task and merge',
    description: 'Mean of three seeds, error bars one standard deviation.',
    categories: ['digits', 'rotated', 'noisy'],
    valueAxis: { label: 'accuracy', range: [0, 1] },
    series: [
      { name: 'average', values: [0.81, 0.62, 0.55], errors: [0.02, 0.04, 0.05] },
      { name: 'task arithmetic', values: [0.88, 0.74, 0.66], errors: [0.02, 0.03, 0.02] },
      { name: 'TIES', values: [0.9, 0.79, 0.71], errors: [0.01, 0.02, 0.03] },
    ],
  },
  horizontal: {
    type: 'bar',
    title: 'Change in accuracy after pruning half of the weights',
    categories: ['magnitude, unstructured', 'Wanda, unstructured', 'random', 'magnitude, 2:4'],
    valueAxis: { label: 'points' },
    horizontal: true,
    series: [{ name: 'change', values: [-1.2, -0.4, -23.5, 0.3], errors: [0.3, 0.2, 2.5, 0.1] }],
  },
  confusion: {
    type: 'heatmap',
    title: 'Confusion matrix of the merged model',
    rows: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    columns: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    rowLabel: 'true digit',
    columnLabel: 'predicted digit',
    values: Array.from({ length: 10 }, (_, r) =>
      Array.from({ length: 10 }, (_, c) =>
        r === c ? 30 + ((r * 7) % 9) : (r * 3 + c * 5) % 11 === 0 ? (r + c) % 6 : 0,
      ),
    ),
  },
  cosine: {
    type: 'heatmap',
    title: 'Cosine similarity of task vectors',
    diverging: true,
    rows: ['digits', 'rotated', 'noisy', 'inverted'],
    columns: ['digits', 'rotated', 'noisy', 'inverted'],
    values: [
      [1, 0.42, 0.31, -0.64],
      [0.42, 1, 0.18, -0.12],
      [0.31, 0.18, 1, 0.05],
      [-0.64, -0.12, 0.05, 1],
    ],
  },
  images: {
    type: 'images',
    title: 'What the filters look like',
    rows: ['first network', 'merged'],
    columns: ['unit 0', 'unit 1', 'unit 2'],
    size: [5, 5],
    diverging: true,
    range: 'each',
    images: [0, 1].map((r) =>
      [0, 1, 2].map((c) =>
        Array.from({ length: 25 }, (_, i) => Math.sin((i % 5) * (c + 1) + r) * Math.cos(Math.floor(i / 5))),
      ),
    ),
  },
  scatter: {
    type: 'scatter',
    title: 'Sharpness and generalisation of 40 models',
    xAxis: { label: 'largest Hessian eigenvalue' },
    yAxis: { label: 'test accuracy' },
    series: ['SGD', 'SAM'].map((name, s) => ({
      name,
      x: Array.from({ length: 20 }, (_, i) => 10 + ((i * 37) % 41) - s * 8),
      y: Array.from({ length: 20 }, (_, i) => 0.9 - (((i * 37) % 41) + ((i * 13) % 7)) / 700 + s * 0.03),
    })),
  },
  histogram: {
    type: 'histogram',
    title: 'Weights before and after quantisation',
    xAxis: { label: 'weight' },
    series: [
      {
        name: 'float32',
        values: Array.from({ length: 500 }, (_, i) => Math.tan(((i + 0.5) / 500 - 0.5) * 2.2) * 0.05),
      },
      {
        name: 'int4',
        values: Array.from(
          { length: 500 },
          (_, i) => Math.round(Math.tan(((i + 0.5) / 500 - 0.5) * 2.2) * 1.2) / 24,
        ),
      },
    ],
  },
} satisfies Record<string, ChartSpec>;

/** A report with every kind of section and of chart. */
export const sampleReport: Report = {
  title: 'Merging three digit classifiers',
  subtitle: 'TIES, task arithmetic and plain averaging on UCI digits',
  sections: [
    {
      type: 'figures',
      figures: [
        { label: 'Best accuracy', value: '90.1 %', note: 'TIES, density 0.2' },
        { label: 'Parameters', value: 10_890 },
        { label: 'Time', value: '3.2 s', note: 'one thread' },
        { label: 'Peak memory', value: '48 MiB' },
      ],
    },
    {
      type: 'text',
      heading: 'What was done',
      text: 'Three models were fine-tuned from one base, each on its own shifted copy of the digits.\n\nThe merges use no further training; the scaling factor was chosen on held-out images.',
    },
    {
      type: 'table',
      heading: 'Results',
      caption: 'Accuracy on 450 held-out images; best values in bold.',
      table: {
        columns: [
          'method',
          { header: 'accuracy', best: 'max' },
          { header: 'loss', best: 'min' },
          { header: 'parameters' },
          'note',
        ],
        rows: [
          ['average', 0.66, 1.021, 10890, null],
          ['task arithmetic', 0.7604, 0.8123, 10890, 'λ = 0.4'],
          ['TIES', 0.8, 0.69, 10890, 'density 0.2, λ = 1'],
        ],
      },
    },
    { type: 'charts', heading: 'Training', charts: [sampleCharts.line, sampleCharts.logLine] },
    { type: 'charts', heading: 'Comparison', charts: [sampleCharts.bar, sampleCharts.horizontal] },
    { type: 'charts', heading: 'Inside the model', charts: [sampleCharts.confusion, sampleCharts.cosine] },
    { type: 'charts', charts: [sampleCharts.scatter, sampleCharts.histogram] },
    {
      type: 'code',
      heading: 'Recipe',
      code: 'merge_method: ties\nbase_model: ./base\nparameters:\n  density: 0.2\n',
    },
  ],
  footer: 'Data: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, CC BY 4.0.',
};
