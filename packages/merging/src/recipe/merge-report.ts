import { formatBytes, type Table } from '@weightloom/cli-kit';
import type { ChartsSection, Report } from '@weightloom/cli-kit/report';
import { findLayers, layerOf } from './find-layers.js';
import type { TensorStatistics } from './merge-statistics.js';
import type { RecipePlan } from './plan-recipe.js';
import type { Recipe } from './recipe.js';

/** Tensors that the table of conflicts shows. */
const SHOWN = 20;

/** A page about a merge: how far and in which direction each model moved the result, layer by layer. */
export function mergeReport(
  recipe: Recipe,
  plan: RecipePlan,
  statistics: ReadonlyMap<string, TensorStatistics>,
): Report {
  const list = [...statistics.values()];
  const hasBase = list.some(({ signConflicts }) => signConflicts !== undefined);
  return {
    title: `Merge by ${recipe.method}`,
    sections: [
      {
        type: 'figures',
        figures: [
          { label: 'tensors', value: plan.tensors.length, note: `${list.length} of them computed` },
          { label: 'size', value: formatBytes(plan.totalSize) },
          { label: 'layers', value: plan.layers.length },
          ...(hasBase
            ? [{ label: 'sign conflicts', value: percent(meanConflicts(list)), note: 'of the weights' }]
            : []),
        ],
      },
      ...(plan.warnings.length > 0
        ? [{ type: 'text' as const, heading: 'Warnings', text: plan.warnings.join('\n\n') }]
        : []),
      ...charts(plan, list, hasBase),
      ...(hasBase
        ? [
            {
              type: 'table' as const,
              heading: 'Where models disagree most',
              table: conflictTable(list),
              caption: 'Share of the weights that two models changed in opposite directions.',
            },
          ]
        : []),
      { type: 'code', heading: 'Recipe', code: recipe.source.trim() },
    ],
    footer: 'Made with weightloom-merge.',
  };
}

function charts(plan: RecipePlan, list: readonly TensorStatistics[], hasBase: boolean): ChartsSection[] {
  const stacks = findLayers(plan.tensors.map(({ name }) => name));
  const layers = new Map<number, TensorStatistics[]>();
  for (const tensor of list) {
    const index = layerOf(tensor.name, stacks)?.index;
    if (index !== undefined) layers.set(index, [...(layers.get(index) ?? []), tensor]);
  }
  const x = [...layers.keys()].sort((a, b) => a - b);
  if (x.length === 0) return [];
  const models = [...new Set(list.flatMap((tensor) => tensor.models))];
  const what = hasBase ? 'change' : 'weights';
  const xAxis = { label: 'layer', whole: true };
  const perModel = (value: (tensors: readonly TensorStatistics[], model: string) => number) =>
    models.map((name) => ({ name, x, y: x.map((layer) => value(layers.get(layer)!, name)) }));
  return [
    {
      type: 'charts',
      heading: 'Layer by layer',
      charts: [
        {
          type: 'line',
          title: `Cosine between each model's ${what} and the result's`,
          xAxis,
          yAxis: { label: 'cosine', range: [-1, 1] },
          series: perModel(layerCosine),
        },
        {
          type: 'line',
          title: `Norm of each model's ${what}`,
          xAxis,
          yAxis: { label: 'norm' },
          series: [
            ...perModel((tensors, model) =>
              Math.sqrt(sumOver(tensors, model, ({ norms }, i) => norms[i]! ** 2)),
            ),
            {
              name: 'result',
              dashed: true,
              x,
              y: x.map((layer) => Math.hypot(...layers.get(layer)!.map(({ resultNorm }) => resultNorm))),
            },
          ],
        },
        ...(hasBase
          ? [
              {
                type: 'line' as const,
                title: 'Share of the weights with opposite changes',
                xAxis,
                yAxis: { label: 'share', range: [0, 1] as const },
                series: [
                  { name: 'sign conflicts', x, y: x.map((layer) => meanConflicts(layers.get(layer)!)) },
                ],
              },
            ]
          : []),
      ],
    },
  ];
}

/** Of the layer as one vector. */
function layerCosine(tensors: readonly TensorStatistics[], model: string): number {
  const dot = sumOver(
    tensors,
    model,
    ({ cosines, norms, resultNorm }, i) => cosines[i]! * norms[i]! * resultNorm,
  );
  const own = sumOver(tensors, model, ({ norms }, i) => norms[i]! ** 2);
  const result = sumOver(tensors, model, ({ resultNorm }) => resultNorm ** 2);
  return own * result > 0 ? dot / Math.sqrt(own * result) : 0;
}

function sumOver(
  tensors: readonly TensorStatistics[],
  model: string,
  value: (tensor: TensorStatistics, i: number) => number,
): number {
  let total = 0;
  for (const tensor of tensors) {
    const i = tensor.models.indexOf(model);
    if (i >= 0) total += value(tensor, i);
  }
  return total;
}

/** Over all weights of these tensors. */
function meanConflicts(list: readonly TensorStatistics[]): number {
  const total = list.reduce((sum, { size }) => sum + size, 0);
  return (
    list.reduce((sum, { signConflicts = 0, size }) => sum + signConflicts * size, 0) / Math.max(1, total)
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function conflictTable(list: readonly TensorStatistics[]): Table {
  const sorted = [...list].sort(
    (a, b) => (b.signConflicts ?? 0) - (a.signConflicts ?? 0) || (a.name < b.name ? -1 : 1),
  );
  return {
    columns: ['tensor', { header: 'conflicts', format: percent }, { header: 'norm of the change' }],
    rows: sorted
      .slice(0, SHOWN)
      .map(({ name, signConflicts, resultNorm }) => [name, signConflicts ?? 0, resultNorm]),
  };
}
