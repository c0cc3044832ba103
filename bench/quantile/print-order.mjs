// The table of uci-order.json, in Markdown: node print-order.mjs prints what is saved.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Losses relative to the average of the models: the mean of each set and of all, and the mean rank; best first. */
export function printOrder(runs) {
  const sets = [...new Set(runs.map(({ set }) => set))];
  const ranks = runs.map(({ losses }) =>
    Object.entries(losses)
      .sort((a, b) => a[1] - b[1])
      .map(([method]) => method),
  );
  const lines = Object.keys(runs[0].losses).map((method) => {
    const ratio = ({ losses }) => losses[method] / losses.average;
    const bySet = sets.map((set) => mean(runs.filter((run) => run.set === set).map(ratio)));
    const rank = mean(ranks.map((order) => order.indexOf(method) + 1));
    return { method, bySet, all: mean(bySet), rank };
  });
  lines.sort((a, b) => a.all - b.all);
  console.log(`\n${runs.length} runs, mean pinball loss on new rows relative to the average of the models\n`);
  const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
  row(['method', ...sets, 'mean', 'mean rank']);
  row(['---', ...sets.map(() => '---'), '---', '---']);
  for (const { method, bySet, all, rank } of lines)
    row([method, ...bySet.map((value) => value.toFixed(3)), all.toFixed(3), rank.toFixed(1)]);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  printOrder(JSON.parse(readFileSync(new URL('uci-order.json', import.meta.url), 'utf8')).runs);
