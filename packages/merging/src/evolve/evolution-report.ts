import type { LineSeries } from '@weightloom/cli-kit/charts';
import type { Report } from '@weightloom/cli-kit/report';
import type { Evaluated, Evolution } from './evolve.js';
import { showValue } from '../internal/show-value.js';

/** A page about a search: how scores rose, and where each parameter went. */
export function evolutionReport({
  best,
  start,
  state,
  recipe,
}: Evolution & { readonly recipe: string }): Report {
  const { evaluated } = state;
  const finite = evaluated.filter(({ score }) => Number.isFinite(score));
  const generations = [...new Set(evaluated.map(({ generation }) => generation))];
  const numbers = Object.entries(best.values).filter(([, value]) => typeof value === 'number');
  return {
    title: 'Evolution of a recipe',
    sections: [
      {
        type: 'figures',
        figures: [
          { label: 'best score', value: best.score, note: `generation ${best.generation}` },
          { label: 'score of the start', value: start.score },
          { label: 'evaluations', value: evaluated.length, note: `${generations.length - 1} generations` },
        ],
      },
      {
        type: 'charts',
        heading: 'Scores',
        charts: [
          {
            type: 'line',
            title: 'Best so far, and mean of each generation',
            xAxis: { label: 'generation' },
            yAxis: { label: 'score' },
            series: scoreLines(finite),
          },
        ],
      },
      ...(numbers.length > 0
        ? [
            {
              type: 'charts' as const,
              heading: 'Parameters',
              charts: numbers.map(([name]) => ({
                type: 'scatter' as const,
                title: name,
                xAxis: { label: 'generation' },
                yAxis: { label: name },
                series: [
                  {
                    name: 'candidates',
                    x: evaluated.map(({ generation }) => generation),
                    y: evaluated.map(({ values }) => values[name] as number),
                  },
                  { name: 'best', x: [best.generation], y: [best.values[name] as number] },
                ],
              })),
            },
          ]
        : []),
      {
        type: 'table',
        heading: 'Best candidates',
        table: {
          columns: ['generation', 'score', ...Object.keys(best.values)],
          rows: [...evaluated]
            .sort((a, b) => b.score - a.score)
            .slice(0, 10)
            .map(({ generation, score, values }) => [
              generation,
              score,
              ...Object.values(values).map(showValue),
            ]),
        },
      },
      { type: 'code', heading: 'Best recipe', code: recipe.trim() },
    ],
    footer: 'Made with weightloom-merge evolve.',
  };
}

function scoreLines(evaluated: readonly Evaluated[]): LineSeries[] {
  const x = [...new Set(evaluated.map(({ generation }) => generation))];
  const of = (g: number): number[] =>
    evaluated.filter((one) => one.generation === g).map(({ score }) => score);
  let most = -Infinity;
  return [
    { name: 'best so far', x, y: x.map((g) => (most = Math.max(most, ...of(g)))) },
    {
      name: 'mean',
      x,
      y: x.map((g) => of(g).reduce((sum, score) => sum + score, 0) / of(g).length),
      dashed: true,
    },
  ];
}
