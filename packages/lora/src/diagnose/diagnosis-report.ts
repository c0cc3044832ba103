import type { Report, ReportSection } from '@weightloom/cli-kit/report';
import type { Diagnosis } from './diagnose-adapter.js';

/** Layers whose spectra and similarities are drawn; more would not be read. */
const DRAWN = 40;

/**
 * A diagnosis as a report for people: `renderReport` of `@weightloom/cli-kit/report` makes one HTML page of it.
 *
 * @param title - what was looked at
 */
export function diagnosisReport(
  { layers, topK, threshold, intruders }: Diagnosis,
  title = 'Adapter',
): Report {
  const affected = layers.filter((layer) => layer.intruders > 0).length;
  const largest = [...layers].sort((a, b) => b.relativeNorm - a.relativeNorm).slice(0, DRAWN);
  const looked = [...layers]
    .sort((a, b) => b.intruders - a.intruders)
    .slice(0, DRAWN)
    .filter(({ similarities }) => similarities.length > 0);
  const width = Math.min(...looked.map(({ similarities }) => similarities.length));
  return {
    title,
    subtitle: 'What it does to its base',
    sections: [
      {
        type: 'figures',
        figures: [
          { label: 'Modules', value: layers.length },
          { label: 'Intruder dimensions', value: intruders, note: `in ${affected} modules` },
          {
            label: 'Largest change',
            value: Math.max(0, ...layers.map(({ relativeNorm }) => relativeNorm)),
            note: '‖ΔW‖ / ‖W‖',
          },
          { label: 'Mean effective rank', value: mean(layers.map((layer) => layer.effectiveRank)) },
        ],
      },
      {
        type: 'text',
        text: `A direction is an intruder when it is among the ${topK} largest of the tuned weight and its similarity to every direction of the base is below ${threshold}.`,
      },
      ...(layers.length === 0 ? [] : details()),
    ],
  };

  function details(): ReportSection[] {
    return [
      {
        type: 'charts',
        heading: 'Size of the change',
        charts: [
          {
            type: 'bar',
            title: `‖ΔW‖ / ‖W‖${layers.length > DRAWN ? `, the ${DRAWN} largest` : ''}`,
            horizontal: true,
            categories: largest.map(({ path }) => path),
            series: [{ name: 'relative norm', values: largest.map(({ relativeNorm }) => relativeNorm) }],
          },
          {
            type: 'bar',
            title: 'Effective rank of the change',
            horizontal: true,
            categories: largest.map(({ path }) => path),
            series: [{ name: 'effective rank', values: largest.map((layer) => layer.effectiveRank) }],
          },
        ],
      },
      ...(looked.length === 0
        ? []
        : [
            {
              type: 'charts' as const,
              heading: 'Similarity of the largest directions to the base',
              charts: [
                {
                  type: 'heatmap' as const,
                  title: 'Largest cosine of each direction with any direction of the base',
                  rows: looked.map(({ path }) => path),
                  columns: Array.from({ length: width }, (_, j) => String(j + 1)),
                  rowLabel: 'module',
                  columnLabel: 'direction, largest first',
                  values: looked.map(({ similarities }) => similarities.slice(0, width)),
                },
              ],
            },
          ]),
      {
        type: 'table',
        heading: 'Every module',
        table: {
          columns: ['module', 'rank', 'scaling', '‖ΔW‖', '‖ΔW‖ / ‖W‖', 'effective rank', 'intruders'],
          rows: layers.map((layer) => [
            layer.path,
            layer.rank,
            layer.scaling,
            layer.norm,
            layer.relativeNorm,
            layer.effectiveRank,
            layer.intruders,
          ]),
        },
      },
    ];
  }
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
