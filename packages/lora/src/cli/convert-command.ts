import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createCheckpointWriter, type RawCheckpoint } from '@weightloom/checkpoint';
import { folderTarget, loadSafetensors, openCheckpoint, saveSafetensors } from '@weightloom/checkpoint/node';
import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import { type Command, Option } from 'commander';
import { AdapterError } from '../adapter-error.js';
import type { ConversionReport, PipelineAdapters } from '../convert/conversion.js';
import { type AdapterLayout, adapterLayouts, detectLayout } from '../convert/detect-layout.js';
import { fromDiffusers, toDiffusers } from '../convert/diffusers.js';
import { fromKohya, toKohya } from '../convert/kohya.js';
import { fromMlx, toMlx } from '../convert/mlx.js';
import type { LoraAdapter } from '../format/lora-adapter.js';
import { loadAdapter } from '../node/load-adapter.js';
import { saveAdapter } from '../node/save-adapter.js';
import { quote } from '../internal/text.js';

interface ConvertCliOptions {
  from?: AdapterLayout;
  to: AdapterLayout;
  out: string;
  part: string;
  base?: string[];
  overwrite?: boolean;
}

/** Adds `convert`. */
export function addConvertCommand(program: Command): void {
  program
    .command('convert <adapters...>')
    .description(
      'bring adapters into the layout of PEFT, kohya (sd-scripts), diffusers or MLX; says what has no place there',
    )
    .addOption(
      new Option('--from <format>', 'layout of the input (default: told by its files)').choices(
        adapterLayouts,
      ),
    )
    .addOption(
      new Option('--to <format>', 'layout of the output').choices(adapterLayouts).makeOptionMandatory(),
    )
    .requiredOption('--out <path>', 'folder for peft and mlx, file for kohya and diffusers')
    .option(
      '--part <name>',
      'part of the pipeline a PEFT adapter is for; or write adapters as part=path',
      'unet',
    )
    .option(
      '--base <paths...>',
      'kohya input: the models whose module names it uses, as part=path, such as unet=model/unet',
    )
    .option('--overwrite', 'replace what is already there')
    .action(
      cliAction<[string[]], ConvertCliOptions>(async ({ options }, inputs) => {
        const read = await readAll(inputs, options);
        const written = await write(read.adapters, options);
        const left = [...read.report.left, ...written.report.left];
        const modules = Object.values(read.adapters).reduce((sum, { layers }) => sum + layers.size, 0);
        const text = [
          ...left.map(({ name, reason }) => `left out: ${name}: ${reason}`),
          `${modules} modules converted to ${options.to} at ${options.out}`,
        ];
        return {
          json: { out: options.out, to: options.to, modules, left, files: written.files },
          text: text.join('\n'),
        } satisfies CliResult;
      }),
    );
}

interface Read {
  readonly adapters: PipelineAdapters;
  readonly report: ConversionReport;
}

const nothing: ConversionReport = { mapped: [], left: [] };

/** Splits `part=path`; a path alone belongs to the part given by `--part`. */
function withPart(text: string, part: string): readonly [part: string, path: string] {
  const found = /^([a-z][a-z0-9_]*)=(.+)$/.exec(text);
  return found ? [found[1]!, found[2]!] : [part, text];
}

async function readAll(inputs: readonly string[], options: ConvertCliOptions): Promise<Read> {
  const adapters: Record<string, LoraAdapter> = {};
  const left: ConversionReport['left'][number][] = [];
  for (const input of inputs) {
    const [part, path] = withPart(input, options.part);
    const own = await readOne(part, path, options);
    for (const [name, adapter] of Object.entries(own.adapters)) {
      if (Object.hasOwn(adapters, name)) {
        const cure = 'write the inputs as part=path';
        throw new AdapterError({
          where: 'convert',
          expected: 'one adapter for each part',
          received: `two for ${quote(name)}`,
          cure,
        });
      }
      adapters[name] = adapter;
    }
    left.push(...own.report.left);
  }
  return { adapters, report: { mapped: [], left } };
}

async function readOne(part: string, path: string, { from, base }: ConvertCliOptions): Promise<Read> {
  const format = from ?? (await detect(path));
  if (format === 'peft') return { adapters: { [part]: await loadAdapter(path) }, report: nothing };
  if (format === 'mlx') {
    const folder = (await stat(path)).isDirectory() ? path : dirname(path);
    const { tensors } = await loadSafetensors(join(folder, 'adapters.safetensors'));
    const { adapter, report } = fromMlx(tensors, await readFile(join(folder, 'adapter_config.json'), 'utf8'));
    return { adapters: { [part]: adapter }, report };
  }
  const { tensors, metadata }: RawCheckpoint = await loadSafetensors(path);
  if (format === 'diffusers') return fromDiffusers(tensors, metadata);
  if (!base) {
    const cure = 'pass --base unet=path (and text_encoder=path, …)';
    throw new AdapterError({
      where: path,
      expected: 'the module names of the base, as underscores hide the dots',
      received: 'none',
      cure,
    });
  }
  const modules: Record<string, string[]> = {};
  for (const entry of base) {
    const [own, basePath] = withPart(entry, part);
    const checkpoint = await openCheckpoint(basePath);
    modules[own] = [...new Set(checkpoint.names.map((name) => name.replace(/\.[^.]+$/, '')))];
    await checkpoint.close();
  }
  return fromKohya(tensors, { modules });
}

/** Tells the layout by the files, and by the names in them. */
async function detect(path: string): Promise<AdapterLayout> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const config = await readFile(join(isFolder ? path : dirname(path), 'adapter_config.json'), 'utf8').catch(
    () => undefined,
  );
  const byConfig = detectLayout([], config);
  if (byConfig === 'peft' || byConfig === 'mlx') return byConfig;
  if (isFolder) return 'peft';
  const checkpoint = await openCheckpoint(path);
  const { names } = checkpoint;
  await checkpoint.close();
  return detectLayout(names);
}

async function write(
  adapters: PipelineAdapters,
  { to, out, overwrite }: ConvertCliOptions,
): Promise<{ files: string[]; report: ConversionReport }> {
  const parts = Object.entries(adapters);
  if (to === 'kohya' || to === 'diffusers') {
    const { tensors, metadata, report } = to === 'kohya' ? toKohya(adapters) : toDiffusers(adapters);
    await saveSafetensors(out, tensors, metadata, { overwrite: overwrite === true });
    return { files: [out], report };
  }
  const folders = parts.map(([part]) => (parts.length === 1 ? out : join(out, part)));
  const left: ConversionReport['left'][number][] = [];
  for (const [i, [, adapter]] of parts.entries()) {
    if (to === 'peft') await saveAdapter(adapter, folders[i]!, { overwrite });
    else left.push(...(await saveMlx(adapter, folders[i]!, overwrite)).left);
  }
  return { files: folders, report: { mapped: [], left } };
}

async function saveMlx(adapter: LoraAdapter, folder: string, overwrite?: boolean): Promise<ConversionReport> {
  const { tensors, metadata, config, report } = toMlx(adapter);
  const writer = await createCheckpointWriter({
    target: folderTarget(folder, { overwrite }),
    tensors: Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    metadata,
    baseName: 'adapters',
    files: [['adapter_config.json', config]],
  });
  try {
    for (const [name, raw] of Object.entries(tensors)) await writer.write(name, raw);
    await writer.close();
  } finally {
    await writer.abort();
  }
  return report;
}
