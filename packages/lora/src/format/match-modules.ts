import { AdapterError } from '../adapter-error.js';
import { pythonPattern } from '../internal/python-pattern.js';
import { describe, listNames, nearest } from '../internal/text.js';
import type { LoraConfig, PatternMap } from './lora-config.js';

/** The part of a configuration that says which modules are adapted. */
export type ModuleSelection = Pick<
  LoraConfig,
  'targetModules' | 'excludeModules' | 'modulesToSave' | 'layersToTransform' | 'layersPattern' | 'taskType'
>;

/** A module of the base model that could be adapted. */
export interface ModuleInfo {
  /** Path without `base_model.model.`, such as `model.layers.0.self_attn.q_proj`. */
  readonly path: string;
  /** What it is; `'all-linear'` takes `linear` and `conv1d` (GPT-2's) only. Default `linear`. */
  readonly kind?: 'linear' | 'conv1d' | 'conv' | 'embedding';
}

/** Heads of classifiers, which `'all-linear'` leaves alone for the task `SEQ_CLS`. */
const CLASSIFIER_HEADS = ['score', 'classifier'];
/** Output heads of language models, which `'all-linear'` leaves alone. */
const OUTPUT_HEADS = ['lm_head', 'embed_out', 'output_projection'];

/**
 * The modules an adapter applies to, in the order given.
 *
 * As PEFT decides it: excluded modules first, then those saved whole, then the targets (an exact name, the end of a path, or a
 * regular expression over the whole path), then the layer indices, which do not concern exact names.
 *
 * @throws {AdapterError} when nothing matches, with the paths nearest to what was asked for
 */
export function matchModules(selection: ModuleSelection, modules: Iterable<ModuleInfo | string>): string[] {
  const all = [...modules].map((module) => (typeof module === 'string' ? { path: module } : module));
  const matches = moduleMatcher(selection);
  const found = all.filter(matches).map(({ path }) => path);
  if (found.length > 0) return found;
  const paths = all.map(({ path }) => path);
  const asked =
    typeof selection.targetModules === 'string' ? [selection.targetModules] : (selection.targetModules ?? []);
  const near = [...new Set(asked.slice(0, 4).flatMap((name) => nearest(name, paths)))];
  throw new AdapterError({
    where: 'targetModules',
    expected: `a module that matches ${describe(selection.targetModules)}`,
    received: `none among ${paths.length} modules`,
    cure: near.length > 0 ? `the nearest are ${listNames(near)}` : undefined,
  });
}

/** Whether a module is adapted; throws for expressions that cannot be translated. */
export function moduleMatcher(selection: ModuleSelection): (module: ModuleInfo) => boolean {
  const { targetModules, modulesToSave, layersToTransform } = selection;
  const excluded = nameMatcher(selection.excludeModules, 'excludeModules');
  const saved = savedMatcher(modulesToSave);
  const isOut = ({ path }: ModuleInfo): boolean => excluded(path) || saved(path);
  if (typeof targetModules === 'string' && targetModules.toLowerCase() === 'all-linear') {
    const heads = selection.taskType === 'SEQ_CLS' ? CLASSIFIER_HEADS : OUTPUT_HEADS;
    return (module) => {
      const { path, kind = 'linear' } = module;
      const last = path.slice(path.lastIndexOf('.') + 1);
      return (kind === 'linear' || kind === 'conv1d') && !heads.includes(last) && !isOut(module);
    };
  }
  const isTarget = nameMatcher(targetModules, 'targetModules');
  const indices = layersToTransform === null ? [] : [layersToTransform].flat();
  const indexOf = layerIndex(selection.layersPattern);
  return (module) => {
    const { path } = module;
    if (isOut(module) || !isTarget(path)) return false;
    if (indices.length === 0 || targetModules?.includes(path)) return true;
    const index = indexOf(path);
    return index !== undefined && indices.includes(index);
  };
}

/** Whether a module is stored whole, as `modules_to_save` says. */
export function savedMatcher(modulesToSave: readonly string[] | null): (path: string) => boolean {
  const expressions = (modulesToSave ?? []).map((name) =>
    pythonPattern(name, 'modulesToSave', (source) => `^(?:^|.*\\.)${source}(?:$|\\..*)`),
  );
  return (path) => expressions.some((expression) => expression.test(path));
}

function nameMatcher(names: string | readonly string[] | null, where: string): (path: string) => boolean {
  if (names === null) return () => false;
  if (typeof names === 'string') {
    const expression = pythonPattern(names, where, (source) => `^(?:${source})$`);
    return (path) => expression.test(path);
  }
  const exact = new Set(names);
  return (path) => {
    if (exact.has(path)) return true;
    for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      if (exact.has(path.slice(dot + 1))) return true;
    }
    return false;
  };
}

/** The first number that follows a name (or the given names) in a path: nested numbers, as of experts, come later. */
function layerIndex(layersPattern: string | readonly string[] | null): (path: string) => number | undefined {
  const patterns = layersPattern === null ? [] : [layersPattern].flat();
  const expressions =
    patterns.length === 0
      ? [/^.*?\.[^.]*\.(\d+)\./u]
      : patterns.map((name) =>
          pythonPattern(name, 'layersPattern', (source) => `^(?:^|.*?\\.)(?:${source})\\.(\\d+)\\.`),
        );
  return (path) => {
    for (const expression of expressions) {
      const found = expression.exec(path);
      if (found) return Number(found.at(-1));
    }
    return undefined;
  };
}

/**
 * Reads `rank_pattern` and `alpha_pattern`: what the first pattern that matches `(.*\.)?(pattern)$` from the start of a path
 * says; `undefined` when none does.
 */
export function patternLookup(patterns: PatternMap, where: string): (path: string) => number | undefined {
  const compiled = Object.entries(patterns).map(([pattern, value]) => {
    return [pythonPattern(pattern, where, (source) => `^(?:.*\\.)?(?:${source})$`), value] as const;
  });
  return (path) => compiled.find(([expression]) => expression.test(path))?.[1];
}
