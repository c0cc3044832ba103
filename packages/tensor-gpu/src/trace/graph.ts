import { broadcastPrimitive } from '../primitives/movement.js';
import type { Aval, Primitive } from '../primitives/primitive.js';
import type { DType } from '../tensor/dtype.js';
import type { Layout } from '../tensor/layout.js';
import { forgetInScope } from '../tensor/scope.js';
import { sameShape, type Shape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { keyOf } from './key-of.js';

/** One value of a static-shape graph. Ids count up, so every input has a smaller id than its user. */
export interface GraphNode extends Aval {
  readonly id: number;
  readonly source:
    | { readonly kind: 'input'; readonly index: number; readonly layout: Layout }
    | { readonly kind: 'literal'; readonly value: number }
    | {
        readonly kind: 'apply';
        readonly primitive: Primitive<unknown>;
        readonly inputs: readonly number[];
        readonly params: unknown;
      };
}

/** A recorded computation; `constants` are concrete tensors the function closed over, appended to the inputs. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly number[];
  readonly constants: readonly Tensor[];
}

const commutative = new Set(['add', 'mul', 'maximum', 'minimum', 'eq', 'ne', 'and', 'or']);

/** Records applications; equal applications are recorded once and neutral elements vanish (x + 0 is none: it turns -0 into 0). */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly constants: Tensor[] = [];
  #inputs = 0;
  readonly #seen = new Map<string, number>();
  readonly #captured = new Map<Tensor, number>();

  #push(aval: Aval, source: GraphNode['source']): number {
    const id = this.nodes.length;
    this.nodes.push({ id, shape: aval.shape, dtype: aval.dtype, source });
    return id;
  }

  input(aval: Aval, layout: Layout): number {
    return this.#push(aval, { kind: 'input', index: this.#inputs++, layout });
  }

  literal(value: number, dtype: DType): number {
    const key = `literal ${dtype} ${Object.is(value, -0) ? '-0' : value}`;
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const id = this.#push({ shape: [], dtype }, { kind: 'literal', value });
    this.#seen.set(key, id);
    return id;
  }

  /** A concrete tensor from outside: a scalar on the host becomes a literal, anything else an extra input. */
  capture(t: Tensor): number {
    const storage = t.use('a captured tensor');
    const isNumber = storage.length === 1 && storage.host && t.dtype !== 'bfloat16' && t.dtype !== 'float16';
    if (isNumber && t.size > 0) {
      const id = this.literal(storage.host![0], t.dtype);
      return t.shape.length === 0
        ? id
        : this.apply(broadcastPrimitive as Primitive<unknown>, [id], { shape: t.shape });
    }
    const known = this.#captured.get(t);
    if (known !== undefined) return known;
    const id = this.#push(t, { kind: 'input', index: -1 - this.constants.length, layout: t.layout });
    // A handle of our own keeps the elements alive whatever happens to the caller's.
    const own = new Tensor(t.shape, t.dtype, { storage, layout: t.layout });
    forgetInScope(own);
    this.constants.push(own);
    this.#captured.set(t, id);
    return id;
  }

  apply(primitive: Primitive<unknown>, inputs: readonly number[], params: unknown): number {
    const same = this.#simplify(primitive.name, inputs, params);
    if (same !== null) return same;
    const order = commutative.has(primitive.name) ? [...inputs].sort((a, b) => a - b) : inputs;
    const key = `${primitive.name} ${order.join()} ${params === null ? '' : keyOf(params)}`;
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const aval = primitive.infer(
      inputs.map((i) => this.nodes[i]),
      params,
    );
    const id = this.#push(aval, { kind: 'apply', primitive, inputs, params });
    this.#seen.set(key, id);
    return id;
  }

  /** The one number a node repeats everywhere, if it does. */
  #constantOf(id: number): number | null {
    const { source } = this.nodes[id];
    if (source.kind === 'literal') return source.value;
    if (
      source.kind === 'apply' &&
      (source.primitive.name === 'broadcast' || source.primitive.name === 'reshape')
    ) {
      return this.#constantOf(source.inputs[0]);
    }
    return null;
  }

  #simplify(name: string, inputs: readonly number[], params: unknown): number | null {
    const [a, b] = inputs;
    switch (name) {
      case 'mul':
        return this.#constantOf(b) === 1 ? a : this.#constantOf(a) === 1 ? b : null;
      case 'div':
        return this.#constantOf(b) === 1 ? a : null;
      case 'add':
        return Object.is(this.#constantOf(b), -0) ? a : Object.is(this.#constantOf(a), -0) ? b : null;
      case 'sub':
        return Object.is(this.#constantOf(b), 0) ? a : null;
      case 'neg': {
        const { source } = this.nodes[a];
        return source.kind === 'apply' && source.primitive.name === 'neg' ? source.inputs[0] : null;
      }
      case 'reshape': {
        const { source } = this.nodes[a];
        const { shape } = params as { shape: Shape };
        if (sameShape(this.nodes[a].shape, shape)) return a;
        return source.kind === 'apply' && source.primitive.name === 'reshape'
          ? this.apply(source.primitive, source.inputs, params)
          : null;
      }
      case 'transpose': {
        const { source } = this.nodes[a];
        const { perm } = params as { perm: readonly number[] };
        if (source.kind !== 'apply' || source.primitive.name !== 'transpose') return null;
        const inner = (source.params as { perm: readonly number[] }).perm;
        const joined = perm.map((p) => inner[p]);
        if (joined.every((p, i) => p === i)) return source.inputs[0];
        return this.apply(source.primitive, source.inputs, { perm: joined });
      }
      default:
        return null;
    }
  }
}
