import type { ChunkedMethod } from '@weightloom/state-dict';
import { type Method, type MethodName, type MethodOptions, methods } from '../methods.js';
import { suggest } from './suggest.js';

/** What a caller asks for by name. */
export interface MethodRequest {
  readonly method: string;
  readonly models: number;
  readonly hasBase: boolean;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Guards a request by name, and gives the method with its definition. */
export function createMethod(where: string, request: MethodRequest): ChunkedMethod {
  const { method: name, models, hasBase, options } = request;
  if (!Object.hasOwn(methods, name)) {
    const known = Object.keys(methods);
    throw new RangeError(`${where}: expected a known method, received "${name}"; ${suggest(name, known)}`);
  }
  const method = methods[name as MethodName] as Method;
  const { min, max } = method.models;
  if (models < min || models > max) {
    const expected = min === max ? `exactly ${min}` : `at least ${min}`;
    throw new RangeError(`${where}: expected ${expected} models for ${name}, received ${models}`);
  }
  if (method.base !== 'optional' && (method.base === 'required') !== hasBase) {
    const [expected, received] = hasBase ? ['no base', 'one'] : ['a base', 'none'];
    throw new RangeError(`${where}: expected ${expected} for ${name}, received ${received}`);
  }
  const known: readonly string[] = method.options;
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const cure = known.length > 0 ? suggest(key, known) : 'it has none';
    throw new RangeError(`${where}: expected a parameter of ${name}, received "${key}"; ${cure}`);
  }
  return method.create(models, options as MethodOptions[MethodName], hasBase);
}
