import type { Report } from '@weightloom/cli-kit/report';
import type { Barrier } from '../align/barrier.js';

/** A page about the numbers along the line between two models. */
export const curveReport = (a: string, b: string, { t, curves }: Barrier): Report => ({
  title: 'On the line between two models',
  subtitle: `from ${a} (t = 0) to ${b} (t = 1)`,
  sections: [
    {
      type: 'figures',
      figures: Object.entries(curves).map(([name, { barrier, at }]) => ({
        label: `barrier of ${name}`,
        value: barrier,
        note: barrier > 0 ? `at t = ${at.toFixed(3)}` : 'none',
      })),
    },
    {
      type: 'charts',
      charts: Object.entries(curves).map(([name, { values }]) => ({
        type: 'line' as const,
        title: name,
        xAxis: { label: 't', range: [0, 1] as const },
        yAxis: { label: name },
        series: [
          { name: 'model (1 - t) a + t b', x: t, y: values },
          {
            name: 'between the ends',
            x: [0, 1],
            y: [values[0]!, values.at(-1)!],
            dashed: true,
            points: false,
          },
        ],
      })),
    },
    {
      type: 'table',
      table: {
        columns: ['t', ...Object.keys(curves)],
        rows: t.map((at, i) => [at, ...Object.values(curves).map(({ values }) => values[i]!)]),
      },
    },
  ],
  footer: 'Made with weightloom-merge.',
});
