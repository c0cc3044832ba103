import { formatBytes } from '@weightloom/cli-kit';
import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { countBytes, countParameters, inspectAdapter } from '../diagnose/inspect-adapter.js';
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
  const found = inspectAdapter(adapter);
  const { config, method, parameters, bytes, saved, warnings } = found;
  const modules = found.modules.map((module) => ({ ...module, dtype: dtypeName(module.dtype) }));
  const json = {
    path,
    type: 'LORA',
    config,
    parameters,
    bytes,
    modules,
    saved: saved.map((own) => ({ ...own, dtype: dtypeName(own.dtype) })),
    warnings,
  };
  const summary = [
    `${method} adapter, rank ${config.r}, alpha ${config.loraAlpha}: ${modules.length} modules, ${parameters} parameters, ${formatBytes(bytes)}`,
    ...(config.baseModelNameOrPath ? [`base: ${config.baseModelNameOrPath}`] : []),
    ...(saved.length > 0 ? [`stored whole: ${saved.map(({ name }) => name).join(', ')}`] : []),
    ...warnings.map((warning) => `note: ${warning}`),
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
  const [parameters, bytes] = [countParameters(all), countBytes(all)];
  const json = {
    path,
    type: config.peftType,
    config: config.values,
    parameters,
    bytes,
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
  const summary = `${config.peftType} adapter: ${listed.length} modules, ${parameters} parameters, ${formatBytes(bytes)}`;
  return { json, text: [summary, { columns: ['module', 'factors'], rows }] };
}
