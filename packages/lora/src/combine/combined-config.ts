import { AdapterError } from '../adapter-error.js';
import type { LoraAdapter } from '../format/lora-adapter.js';
import type { LoraConfig } from '../format/lora-config.js';
import { changesBase } from '../internal/changes-base.js';
import { listNames, quote } from '../internal/text.js';

/** Configuration and whole tensors of a combination. */
export function combinedConfig(
  adapters: readonly LoraAdapter[],
  weights: readonly number[],
  rank: number,
  dropSaved: boolean,
  where: string,
): Pick<LoraAdapter, 'config' | 'saved' | 'tokens'> {
  const [first] = adapters as readonly [LoraAdapter, ...LoraAdapter[]];
  const starts = new Set(adapters.map(({ config }) => (changesBase(config) ? config.initLoraWeights : true)));
  if (starts.size > 1) {
    throw new AdapterError({
      where,
      expected: 'adapters of one base',
      received: `init_lora_weights ${[...starts].map(String).join(' and ')}, of which some change the base`,
      cure: 'turn them into adapters of the original base first',
    });
  }
  const kept = dropSaved ? emptySaved : keptSaved(adapters, weights, where);
  const config: LoraConfig = {
    ...first.config,
    r: rank,
    loraAlpha: rank,
    useRslora: false,
    rankPattern: {},
    alphaPattern: {},
    initLoraWeights: [...starts][0]!,
    ...combinedTargets(adapters, where),
    ...kept.config,
  };
  return { config, saved: kept.saved, tokens: kept.tokens };
}

const emptySaved = {
  saved: new Map(),
  tokens: new Map(),
  config: { modulesToSave: null, bias: 'none', trainableTokenIndices: null },
} as const;

/** The union of the targets; where an adapter leaves modules out, the modules themselves. */
function combinedTargets(adapters: readonly LoraAdapter[], where: string): Partial<LoraConfig> {
  const configs = adapters.map(({ config }) => config);
  const none = { excludeModules: null, layersToTransform: null, layersPattern: null };
  if (adapters.length === 1) return {};
  const kinds = new Set(configs.map(({ targetModules }) => typeof targetModules));
  if (kinds.size > 1) {
    throw new AdapterError({
      where,
      expected: 'target_modules that are all lists or all expressions',
      received: 'both',
      cure: 'write the expression as a list of modules',
    });
  }
  const filtered = configs.some(
    ({ excludeModules, layersToTransform }) => excludeModules !== null || layersToTransform !== null,
  );
  const shorthand = configs.some(({ targetModules }) => String(targetModules).toLowerCase() === 'all-linear');
  if (filtered || shorthand) {
    return {
      ...none,
      targetModules: [...new Set(adapters.flatMap(({ layers }) => [...layers.keys()]))].sort(),
    };
  }
  const targets = configs.map(({ targetModules }) => targetModules);
  if (kinds.has('string'))
    return { ...none, targetModules: targets.map((target) => `(${target as string})`).join('|') };
  return {
    ...none,
    targetModules: [
      ...new Set((targets as (readonly string[] | null)[]).flatMap((list) => list ?? [])),
    ].sort(),
  };
}

/** Whole modules, biases and tokens, which can be in one adapter only and have no weight. */
function keptSaved(
  adapters: readonly LoraAdapter[],
  weights: readonly number[],
  where: string,
): Pick<LoraAdapter, 'saved' | 'tokens'> & { config: Partial<LoraConfig> } {
  const refuse = (expected: string, received: string): never => {
    throw new AdapterError({ where, expected, received, cure: 'pass { dropSaved: true } to leave them out' });
  };
  const owners = adapters.flatMap(({ saved, tokens }, i) => (saved.size + tokens.size > 0 ? [i] : []));
  for (const i of owners) {
    const names = [...adapters[i]!.saved.keys(), ...adapters[i]!.tokens.keys()];
    const twice = owners.find(
      (j) => j < i && names.some((name) => adapters[j]!.saved.has(name) || adapters[j]!.tokens.has(name)),
    );
    if (twice !== undefined)
      refuse(
        'each whole module in one adapter',
        `${listNames(names)} in adapters[${twice}] and adapters[${i}]`,
      );
    if (weights[i] !== 1)
      refuse(`weight 1 for adapters[${i}], which saves whole modules`, String(weights[i]));
    const both = names.find((name) =>
      adapters.some(({ layers }, j) => j !== i && layers.has(name.slice(0, name.lastIndexOf('.')))),
    );
    if (both !== undefined)
      refuse(`${quote(both)} in one adapter`, 'a whole module in one and factors in another');
  }
  const withTokens = adapters.filter(({ tokens }) => tokens.size > 0);
  if (withTokens.length > 1) refuse('trained tokens in one adapter', `in ${withTokens.length}`);
  const modules = [...new Set(adapters.flatMap(({ config }) => config.modulesToSave ?? []))];
  const bias = adapters.find(({ config }) => config.bias !== 'none')?.config.bias ?? 'none';
  return {
    saved: new Map(adapters.flatMap(({ saved }) => [...saved])),
    tokens: new Map(adapters.flatMap(({ tokens }) => [...tokens])),
    config: {
      modulesToSave: modules.length > 0 ? modules : null,
      bias,
      trainableTokenIndices: withTokens[0]?.config.trainableTokenIndices ?? null,
    },
  };
}
