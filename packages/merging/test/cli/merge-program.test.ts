import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFloat32, type RawStateDict } from '@weightloom/checkpoint';
import { describe, expect, it } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { makeTinyModel, tinyWeights } from '../tiny-models.js';
import { run, withExampleModels } from './run-merge.js';

let folder: string;
withExampleModels((place) => void (folder = place));

async function recipe(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text.replaceAll('models/', `${folder}/models/`));
  return path;
}

const linear = `
merge_method: linear
models:
  - { model: models/chat, parameters: { weight: 1 } }
  - { model: models/code, parameters: { weight: 3 } }
`;
const ties = `
merge_method: ties
base_model: models/base
models:
  - { model: models/chat, parameters: { weight: 1, density: [0.2, 0.8] } }
  - { model: models/code, parameters: { weight: 0.5 } }
`;

describe('weightloom-merge', () => {
  it('merges, and lists the files it wrote', async () => {
    const out = join(folder, 'out-plain');
    const { code, stdout, stderr } = await run(await recipe('plain.yml', linear), out);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('model.safetensors');
    expect(stdout).toContain(`39 tensors`);
    expect(readdirSync(out)).toContain('config.json');
  });

  it('prints one JSON document with --json', async () => {
    const out = join(folder, 'out-json');
    const { code, stdout } = await run(
      await recipe('json.yml', linear),
      out,
      '--json',
      '--out-shard-size',
      '2k',
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { files: { name: string }[]; tensors: number; warnings: string[] };
    expect(result.tensors).toBe(39);
    expect(result.warnings).toEqual([]);
    expect(result.files.map(({ name }) => name)).toContain('model.safetensors.index.json');
  });

  it('shows with --dry-run what several recipes would make, the later from the earlier', async () => {
    const text = `name: mix${ties.trimEnd()}
---
merge_method: passthrough
slices:
  - sources: [{ model: mix, layer_range: [0, 1] }]
  - sources: [{ model: mix, layer_range: [0, 2] }]
tokenizer_source: mix
`;
    const file = await recipe('stages.yml', text);
    const { code, stdout, stderr } = await run(file, '--dry-run', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    interface Plan {
      readonly name: string | null;
      readonly layers: number;
      readonly totalSize: number;
      readonly tensors: readonly { readonly name: string; readonly method: string }[];
    }
    const { recipes } = JSON.parse(stdout) as { recipes: Plan[] };
    expect(recipes.map(({ name, layers }) => ({ name, layers }))).toEqual([
      { name: 'mix', layers: 4 },
      { name: null, layers: 3 },
    ]);
    expect(recipes[0]!.tensors.find(({ name }) => name.includes('layers.3'))!.method).toBe('tiesMerge');
    const out = join(folder, 'out-stages');
    const merged = JSON.parse((await run(file, out, '--json')).stdout) as { totalSize: number };
    expect(recipes[1]!.totalSize).toBe(merged.totalSize);
    expect((await run(file, '--dry-run')).stdout).toMatch(/mix:[^]*tiesMerge[^]*the result:[^]*copy/);
    const adapted = await recipe('adapted.yml', text.replaceAll('model: mix,', 'model: mix+adapter,'));
    expect(await run(adapted, '--dry-run')).toMatchObject({
      stderr: '',
      stdout: expect.stringContaining('note: the adapter on "mix" is not looked at') as string,
    });
  });

  it('says where model_stock stays at the base', async () => {
    const name = 'model.norm.weight';
    const [base, chat] = ['base', 'chat'].map((model) => tinyWeights(model)) as [RawStateDict, RawStateDict];
    const numbers = (dict: RawStateDict) => new Float32Array(dict[name]!.bytes.slice().buffer);
    const change = numbers(chat).map((value, i) => value - numbers(base)[i]!);
    const opposite = fromFloat32(
      numbers(base).map((value, i) => value - change[i]!),
      'F32',
      { shape: [4] },
    );
    await makeTinyModel(folder, 'models/against', { weights: { ...chat, [name]: opposite } });
    const file = await recipe(
      'stock.yml',
      'merge_method: model_stock\nbase_model: models/base\nmodels: [{ model: models/chat }, { model: models/against }]\n',
    );
    const warnings = async (...more: string[]) => {
      const { stdout } = await run(file, join(folder, 'out-stock'), '--overwrite', '--json', ...more);
      return (JSON.parse(stdout) as { warnings: string[] }).warnings;
    };
    expect(await warnings()).toEqual([
      `model_stock: changes point away from each other in "${name}": t < 0 was held at 0, which keeps the base there`,
    ]);
    const page = join(folder, 'stock.html');
    await warnings('--report', page);
    expect(await readFile(page, 'utf8')).toContain('changes point away from each other');
  });

  it('shows with --dry-run what would be made, and writes nothing', async () => {
    const out = join(folder, 'out-dry');
    const file = await recipe('dry.yml', ties);
    const { code, stdout } = await run(file, out, '--dry-run');
    expect(code).toBe(0);
    expect(existsSync(out)).toBe(false);
    expect(stdout).toMatch(
      /model\.layers\.3\.mlp\.up_proj\.weight +F32 +\[6, 4\] +tiesMerge weights=\[1, 0\.5\] density=\[0\.8, 1\]/,
    );
    const { tensors, totalSize } = JSON.parse((await run(file, '--dry-run', '--json')).stdout) as {
      tensors: { name: string; parameters: { density: number[] } }[];
      totalSize: number;
    };
    const middle = tensors.find(({ name }) => name === 'model.layers.1.mlp.up_proj.weight')!;
    expect(middle.parameters.density[0]).toBeCloseTo(0.4, 12);
    expect(totalSize).toBe(4 * (4 * (4 * 16 + 3 * 24 + 8) + 84));
  });

  it('writes a report with --report', async () => {
    const page = join(folder, 'report.html');
    const { code, stderr } = await run(
      await recipe('report.yml', ties),
      join(folder, 'out-report'),
      '--report',
      page,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const html = await readFile(page, 'utf8');
    expect(html).toContain('Merge by ties');
    expect(html).toContain('<svg');
    expect(html).toContain('model.layers.1.post_attention_layernorm.weight');
  });

  it('says in a report what it leaves out, as an earlier run has made it', async () => {
    const file = await recipe('resumed.yml', ties);
    const output = join(folder, 'out-resumed');
    const stop = new AbortController();
    const interrupted = mergeRecipe(await readFile(file, 'utf8'), {
      output,
      resume: true,
      // What the command line has by default.
      seed: 0,
      tensors: 'same',
      maxShardSize: 5e9,
      signal: stop.signal,
      onProgress: ({ done, total }) => done > total / 2 && stop.abort(new Error('enough')),
    });
    await expect(interrupted).rejects.toThrow('enough');
    const page = join(folder, 'resumed.html');
    const { code, stdout } = await run(file, output, '--resume', '--report', page);
    expect(code).toBe(0);
    expect(stdout).toMatch(/note: the report leaves out \d+ tensors, which an earlier run has made/);
    expect(await readFile(page, 'utf8')).toContain('which an earlier run has made');
  });

  it('accepts the harmless flags of mergekit with a note', async () => {
    const { code, stdout } = await run(
      await recipe('flags.yml', linear),
      join(folder, 'out-flags'),
      '--cuda',
      '--no-lazy-unpickle',
      '-j',
      '4',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('note: --cuda has no effect here');
    expect(stdout).toContain('note: --num-threads has no effect here');
  });

  it('refuses to run code of models, and to write pickles', async () => {
    const file = await recipe('code.yml', linear);
    expect(await run(file, join(folder, 'x'), '--trust-remote-code')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('code that comes with a model is never run') as string,
    });
    expect((await run(file, join(folder, 'x'), '--no-safe-serialization')).code).toBe(2);
    expect(await run(file, join(folder, 'out-safe'), '--no-trust-remote-code')).toMatchObject({ code: 0 });
  });

  it('refuses a folder that holds a model already, unless told to overwrite', async () => {
    const out = join(folder, 'out-twice');
    const file = await recipe('twice.yml', linear);
    expect((await run(file, out)).code).toBe(0);
    const again = await run(file, out);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('expected a folder without a checkpoint');
    expect((await run(file, out, '--overwrite')).code).toBe(0);
  });

  it('tells where a recipe is wrong in one line', async () => {
    const file = await recipe('wrong.yml', linear.replace('weight: 3', 'wieght: 3'));
    const { code, stderr } = await run(file, join(folder, 'x'));
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('wrong.yml:5:');
    expect(stderr).toContain('did you mean "weight"?');
  });

  it('says what is missing', async () => {
    expect(await run(await recipe('missing.yml', linear))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("missing required argument 'output'") as string,
    });
  });

  it('leaves out the tokenizer and the model card when told to', async () => {
    const file = await recipe('bare.yml', linear);
    const bare = join(folder, 'out-bare');
    expect((await run(file, bare, '--no-copy-tokenizer', '--no-write-model-card')).code).toBe(0);
    expect(readdirSync(bare).sort()).toEqual(['config.json', 'mergekit_config.yml', 'model.safetensors']);
    const full = join(folder, 'out-full');
    expect((await run(file, full, '--copy-tokenizer', '--write-model-card', '--no-allow-crimes')).code).toBe(
      0,
    );
    expect(readdirSync(full)).toContain('tokenizer.json');
    expect(readdirSync(full)).toContain('README.md');
  });

  it('merges single files flat, with the tensors that all have', async () => {
    const text = linear
      .replace('models/chat', 'models/chat/model.safetensors')
      .replace('models/code', 'models/code/model.safetensors');
    const out = join(folder, 'flat.safetensors');
    const { code, stdout } = await run(await recipe('flat.yml', text), out, '-i');
    expect(code).toBe(0);
    expect(stdout).toContain('flat.safetensors');
    expect(existsSync(out)).toBe(true);
  });

  it('lets NaN through only with --allow-non-finite', async () => {
    const weights = { ...tinyWeights('chat') };
    weights['model.norm.weight'] = fromFloat32(Float32Array.of(1, NaN, 1, 1), 'F32');
    await makeTinyModel(folder, 'models/nan', { weights });
    const file = await recipe('nan.yml', linear.replace('models/code', 'models/nan'));
    const out = join(folder, 'out-nan');
    expect(await run(file, out)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /"model\.norm\.weight": expected finite values .* NaN at element 1/,
      ) as string,
    });
    expect(existsSync(out)).toBe(false);
    expect((await run(file, out, '--allow-non-finite')).code).toBe(0);
  });

  it('takes the output as mergekit-multi does', async () => {
    const out = join(folder, 'out-path');
    expect((await run(await recipe('path.yml', linear), '--out-path', out)).code).toBe(0);
    expect(readdirSync(out)).toContain('model.safetensors');
  });

  it('reads well with --help', async () => {
    const { code, stdout } = await run('--help');
    expect((await run('-h')).stdout).toBe(stdout);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: weightloom-merge [options] <recipe> [output]');
    expect(stdout).not.toContain('--gpu-rich');
  });
});
