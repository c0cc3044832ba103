import { examplePages } from '../../scripts/pages.mjs';
import type { DrawnChart } from '../../src/draw-chart.js';
import type { Check } from '../../src/example.js';

/** An example with its committed run, for the home page. */
export interface Showcase {
  readonly title: string;
  readonly claim: string;
  /** Path of its page. */
  readonly page: string;
  readonly seedCount: number;
  readonly chart: DrawnChart;
  readonly checks: readonly Check[];
}

declare const data: readonly Showcase[];
export { data };

export default {
  async load(): Promise<readonly Showcase[]> {
    const pages = await examplePages();
    return pages.flatMap(({ package: folder, id, paper, claim, committed, committedCharts }) => {
      const chart = committedCharts?.[0];
      if (!committed || !chart) return [];
      const { checks } = committed.result;
      const page = `/papers/${folder}/${id}.html`;
      return [{ title: paper.title, claim, page, seedCount: committed.seeds.length, chart, checks }];
    });
  },
};
