import { AdapterError } from '../adapter-error.js';
import type { LoraConfig } from '../format/lora-config.js';
import { describe } from './text.js';

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
const isIndex = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isString = (value: unknown): boolean => typeof value === 'string';
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
const isPattern = (value: unknown, test: (item: unknown) => boolean): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(test);

type Rule = readonly [test: (value: unknown) => boolean, expected: string];
const orNull = ([test, expected]: Rule): Rule => [
  (value) => value === null || test(value),
  `${expected}, or null`,
];
const names: Rule = [
  (value) => isString(value) || isStrings(value),
  'a list of names or a regular expression',
];
const flag: Rule = [isBoolean, 'true or false'];
const text: Rule = orNull([isString, 'text']);
const indices: Rule = [(value) => Array.isArray(value) && value.every(isIndex), 'a list of indices'];

const rules: { readonly [K in Exclude<keyof LoraConfig, 'source'>]: Rule } = {
  peftType: [(value) => value === 'LORA', '"LORA"'],
  r: [isCount, 'a whole number of at least 1'],
  loraAlpha: [Number.isFinite, 'a finite number'],
  loraDropout: [
    (value) => typeof value === 'number' && value >= 0 && value < 1,
    'a number from 0 to below 1',
  ],
  targetModules: orNull(names),
  excludeModules: orNull(names),
  bias: [(value) => ['none', 'all', 'lora_only'].includes(value as string), '"none", "all" or "lora_only"'],
  fanInFanOut: flag,
  useRslora: flag,
  useDora: flag,
  loraBias: flag,
  initLoraWeights: [(value) => isBoolean(value) || isString(value), 'true, false or the name of a start'],
  modulesToSave: orNull([isStrings, 'a list of names']),
  layersToTransform: orNull([
    (value) => isIndex(value) || indices[0](value),
    'an index or a list of indices',
  ]),
  layersPattern: orNull([(value) => isString(value) || isStrings(value), 'a name or a list of names']),
  rankPattern: [(value) => isPattern(value, isCount), 'whole numbers of at least 1 by pattern'],
  alphaPattern: [(value) => isPattern(value, Number.isFinite), 'finite numbers by pattern'],
  trainableTokenIndices: orNull([
    (value) => indices[0](value) || isPattern(value, indices[0]),
    'a list of indices, or such lists by module',
  ]),
  taskType: text,
  baseModelNameOrPath: text,
  revision: text,
  inferenceMode: flag,
};

/** Refuses a value of the wrong kind or range, by the name it has in the file or in the options. */
export function checkConfig(
  config: LoraConfig,
  where: string,
  nameOf: (key: keyof LoraConfig) => string,
): void {
  for (const [key, [test, expected]] of Object.entries(rules) as [keyof LoraConfig, Rule][]) {
    if (!test(config[key])) {
      throw new AdapterError({
        where: `${where}: ${nameOf(key)}`,
        expected,
        received: describe(config[key]),
      });
    }
  }
  if (config.layersToTransform !== null && typeof config.targetModules === 'string') {
    throw new AdapterError({
      where: `${where}: ${nameOf('layersToTransform')}`,
      expected: 'null beside a regular expression of target modules',
      received: describe(config.layersToTransform),
      cure: 'name the layers in the expression, or list the target modules',
    });
  }
}
