import { formatBytes } from '@weightloom/cli-kit';
import { cliAction, createProgram, runCli, writeReport } from '@weightloom/cli-kit/node';

const program = createProgram({
  name: 'weightloom-sizes',
  description: 'Shows how large layers are.',
  version: '1.0.0',
});

program
  .command('list <count>')
  .option('--report <file>', 'also write an HTML report')
  .action(
    cliAction<[string], { report?: string }>(async ({ options, onProgress }, count) => {
      const total = Number(count);
      const layers = Array.from({ length: total }, (_, i) => ({ name: `layer${i}`, bytes: 1024 * 2 ** i }));
      onProgress({ done: total, total, label: 'measuring' });
      const table = {
        columns: ['layer', { header: 'size', format: formatBytes, best: 'min' as const }],
        rows: layers.map(({ name, bytes }) => [name, bytes]),
      };
      if (options.report) {
        const values = layers.map(({ bytes }) => bytes / 1024);
        await writeReport(options.report, {
          title: 'Sizes of layers',
          sections: [
            { type: 'table', table },
            {
              type: 'charts',
              charts: [
                {
                  type: 'bar',
                  title: 'Size by layer',
                  valueAxis: { label: 'KiB' },
                  categories: layers.map(({ name }) => name),
                  series: [{ name: 'size', values }],
                },
              ],
            },
          ],
        });
      }
      return { json: layers, text: table };
    }),
  );

export const main = (argv?: string[]): Promise<number> => runCli(program, argv);
