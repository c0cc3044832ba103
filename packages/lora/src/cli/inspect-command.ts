import type { RawTensor } from '@weightloom/checkpoint';
import { formatBytes } from '@weightloom/cli-kit';
import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { scalings } from '../format/lora-adapter.js';
import { loraFactors } from '../internal/lora-factors.js';
import { frobenius } from '../internal/multiply.js';
import { productSvd } from '../internal/singular.js';
import { effectiveRank } from '../internal/choose-rank.js';
import { loadPeftAdapter } from '../node/load-adapter.js';
import { isLora, type OtherAdapter } from '../peft/peft-adapter.js';
import type { LoraAdapter } from '../format/lora-adapter.js';
import { dtypeName } from './options.js';

/** Adds `inspect`. */
export function addInspectCommand(program: Command): void {
  program
    .command('inspect <adapter>')
    .description(
      'show the modules of a PEFT adapter: shapes, ranks, scaling, size and effective rank of each update',
    )
    .action(
      cliAction<[string]>(async ({ signal }, path) => {
        const adapter = await loadPeftAdapter(path, { signal });
        return isLora(adapter) ? inspectLora(path, adapter) : inspectOther(path, adapter);
      }),
    );
}

function inspectLora(path: string, adapter: LoraAdapter): CliResult {
  const { config } = adapter;
  const scaling = scalings(config);
  const modules = [...adapter.layers].map(([module, layer]) => {
    const { a, b } = loraFactors(layer, module);
    const { s } = productSvd(b, a);
    const scale = scaling(module);
    return {
      module,
      kind: layer.kind,
      shape: [layer.b.shape[0]!, ...layer.a.shape.slice(1)],
      rank: layer.a.shape[0]!,
      scaling: scale,
      dtype: dtypeName(layer.a.dtype),
      norm: Math.abs(scale) * frobenius(s),
      effectiveRank: effectiveRank(s),
    };
  });
  const tensors = [...adapter.layers.values()].flatMap(({ a, b, bias, magnitude }) => [
    a,
    b,
    bias,
    magnitude,
  ]);
  const all = [...tensors, ...adapter.saved.values(), ...adapter.tokens.values()].filter(
    (raw) => raw !== undefined,
  );
  const settings = { ...config, source: undefined };
  const saved = [...adapter.saved].map(([name, { shape, dtype }]) => ({
    name,
    shape,
    dtype: dtypeName(dtype),
  }));
  const json = {
    path,
    type: 'LORA',
    config: settings,
    parameters: count(all),
    bytes: bytes(all),
    modules,
    saved,
    warnings: adapter.warnings,
  };
  const method = [config.useDora ? 'DoRA' : 'LoRA', config.useRslora ? 'rank-stabilised' : '']
    .filter(Boolean)
    .join(', ');
  const summary = [
    `${method} adapter, rank ${config.r}, alpha ${config.loraAlpha}: ${modules.length} modules, ${count(all)} parameters, ${formatBytes(bytes(all))}`,
    ...(config.baseModelNameOrPath ? [`base: ${config.baseModelNameOrPath}`] : []),
    ...(saved.length > 0 ? [`stored whole: ${saved.map(({ name }) => name).join(', ')}`] : []),
    ...adapter.warnings.map((warning) => `note: ${warning}`),
  ].join('\n');
  const rows = modules.map((m) => [
    m.module,
    m.kind,
    m.shape.join(' × '),
    m.rank,
    m.scaling,
    m.dtype,
    m.norm,
    m.effectiveRank,
  ]);
  const columns = ['module', 'kind', 'shape', 'rank', 'scaling', 'dtype', '‖ΔW‖', 'effective rank'];
  return { json, text: [summary, { columns, rows }] };
}

function inspectOther(path: string, { config, modules, saved, warnings }: OtherAdapter): CliResult {
  const listed = [...modules].map(([module, factors]) => ({
    module,
    factors: Object.fromEntries([...factors].map(([name, { shape }]) => [name, shape])),
  }));
  const all = [...[...modules.values()].flatMap((factors) => [...factors.values()]), ...saved.values()];
  const json = {
    path,
    type: config.peftType,
    config: config.values,
    parameters: count(all),
    bytes: bytes(all),
    modules: listed,
    saved: [...saved.keys()],
    warnings,
  };
  const rows = listed.map(({ module, factors }) => [
    module,
    Object.entries(factors)
      .map(([name, shape]) => `${name} ${shape.join(' × ')}`)
      .join(', '),
  ]);
  const summary = `${config.peftType} adapter: ${listed.length} modules, ${count(all)} parameters, ${formatBytes(bytes(all))}`;
  return { json, text: [summary, { columns: ['module', 'factors'], rows }] };
}

const count = (tensors: readonly RawTensor[]): number =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
const bytes = (tensors: readonly RawTensor[]): number =>
  tensors.reduce((sum, raw) => sum + raw.bytes.length, 0);
