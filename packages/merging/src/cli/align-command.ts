import { formatNumber, type Table } from '@weightloom/cli-kit';
import { cliAction } from '@weightloom/cli-kit/node';
import { norm, subtract } from '@weightloom/state-dict';
import { loadStateDict } from '@weightloom/state-dict/node';
import { key } from '@weightloom/tensor-gpu';
import type { Command } from 'commander';
import { weightMatching } from '../align/weight-matching.js';
import { saveAligned } from '../node/save-aligned.js';
import { addSubcommand } from './add-subcommand.js';
import { parseWhole } from './parse-options.js';
import { readSpec } from './read-spec.js';

interface AlignOptions {
  readonly spec: string;
  readonly heads?: number;
  readonly kvHeads?: number;
  readonly seed: number;
  readonly out?: string;
  readonly overwrite?: boolean;
}

const NOTES = `
A specification names, for each axis of each tensor, the group of units that may be permuted; * stands for a part of a name:

  tensors:
    embedding.weight: [null, stream]
    layers.*.up.weight: [layers.*.mlp, stream]
    layers.*.down.weight: [stream, layers.*.mlp]
    head.weight: [null, stream]
`;

/** `weightloom-merge align`. */
export function addAlignCommand(program: Command): void {
  addSubcommand(program, 'align <a> <b>')
    .description(
      "Permute b's units by weight matching (Git Re-Basin) so that its weights come near those of a.",
    )
    .option('--spec <file>', 'what may be permuted: auto, or a YAML or JSON file', 'auto')
    .option('--heads <number>', 'attention heads (default: of config.json)', parseWhole)
    .option('--kv-heads <number>', 'heads of keys and values (default: of config.json)', parseWhole)
    .option('--seed <number>', 'seed of the order of groups', parseWhole, 0)
    .option('--out <path>', 'write the permuted b: a folder, or a file ending in .safetensors')
    .option('--overwrite', 'replace a model that is there already')
    .addHelpText('after', NOTES)
    .action(
      cliAction<[string, string], AlignOptions>(async ({ options, onProgress, signal }, a, b) => {
        const [first, second] = [await loadStateDict(a, { signal }), await loadStateDict(b, { signal })];
        const spec = await readSpec(first, a, options);
        const found = await weightMatching(first, second, {
          spec,
          key: key(options.seed),
          onProgress,
          signal,
        });
        const distance = async (params: typeof second) => (await norm(subtract(first, params)).data())[0]!;
        const distances = { before: await distance(second), after: await distance(found.params) };
        const groups = Object.entries(found.permutations).map(([name, units]) => ({
          name,
          units: units.length,
          moved: units.reduce((count, unit, i) => count + (unit === i ? 0 : 1), 0),
        }));
        const output = options.out && (await saveAligned(options.out, found.params, b, options));
        const table: Table = {
          columns: ['group', 'units', 'moved'],
          rows: groups.map(({ name, units, moved }) => [name, units, moved]),
        };
        const { sweeps, converged } = found;
        const permutations = Object.fromEntries(
          Object.entries(found.permutations).map(([name, units]) => [name, Array.from(units)]),
        );
        return {
          json: { distances, sweeps, converged, groups, permutations, output },
          text: [
            table,
            `distance ${formatNumber(distances.before)} before, ${formatNumber(distances.after)} after ${sweeps} passes${output ? `; the permuted model is in ${output}` : ''}`,
          ],
        };
      }),
    );
}
