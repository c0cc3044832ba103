/** Opcodes used by the emitter, as in the WebAssembly core and SIMD specifications. */
export const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  f32Store: 0x38,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LtS: 0x48,
  i32GtS: 0x4a,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32And: 0x71,
  i32ShrU: 0x76,
  select: 0x1b,
} as const;

/** SIMD opcodes, behind the 0xfd prefix. */
export const simd = {
  load: 0x00,
  load8x8s: 0x01,
  load16x4u: 0x04,
  load8Splat: 0x07,
  load16Splat: 0x08,
  load32Splat: 0x09,
  store: 0x0b,
  constant: 0x0c,
  shuffle: 0x0d,
  i32x4Splat: 0x11,
  f32x4Splat: 0x13,
  i32x4Eq: 0x37,
  i32x4Ne: 0x38,
  i32x4LtS: 0x39,
  i32x4GtS: 0x3b,
  i32x4LeS: 0x3d,
  i32x4GeS: 0x3f,
  f32x4Eq: 0x41,
  f32x4Ne: 0x42,
  f32x4Lt: 0x43,
  f32x4Gt: 0x44,
  f32x4Le: 0x45,
  f32x4Ge: 0x46,
  f64x2Eq: 0x47,
  f64x2Lt: 0x49,
  not: 0x4d,
  and: 0x4e,
  andNot: 0x4f,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  load32Lane: 0x56,
  load8Lane: 0x54,
  load16Lane: 0x55,
  store8Lane: 0x58,
  store16Lane: 0x59,
  store32Lane: 0x5a,
  store64Lane: 0x5b,
  load64Zero: 0x5d,
  demote: 0x5e,
  promoteLow: 0x5f,
  i8x16NarrowI16x8S: 0x65,
  f32x4Ceil: 0x67,
  f32x4Floor: 0x68,
  f32x4Nearest: 0x6a,
  f64x2Floor: 0x75,
  f64x2Nearest: 0x94,
  i16x8NarrowI32x4S: 0x85,
  i16x8NarrowI32x4U: 0x86,
  i16x8ExtendLowI8x16S: 0x87,
  i32x4Abs: 0xa0,
  i32x4Neg: 0xa1,
  i32x4ExtendLowI16x8S: 0xa7,
  i32x4ExtendLowI16x8U: 0xa9,
  i32x4Shl: 0xab,
  i32x4ShrS: 0xac,
  i32x4ShrU: 0xad,
  i32x4Add: 0xae,
  i32x4Sub: 0xb1,
  i32x4Mul: 0xb5,
  i32x4MinS: 0xb6,
  i32x4MaxS: 0xb8,
  i64x2ExtendLowI32x4S: 0xc7,
  i64x2Shl: 0xcb,
  i64x2ShrS: 0xcc,
  i64x2ShrU: 0xcd,
  i64x2Add: 0xce,
  i64x2Sub: 0xd1,
  f32x4Abs: 0xe0,
  f32x4Neg: 0xe1,
  f32x4Sqrt: 0xe3,
  f32x4Add: 0xe4,
  f32x4Sub: 0xe5,
  f32x4Mul: 0xe6,
  f32x4Div: 0xe7,
  f32x4Min: 0xe8,
  f32x4Max: 0xe9,
  f64x2Abs: 0xec,
  f64x2Add: 0xf0,
  f64x2Sub: 0xf1,
  f64x2Mul: 0xf2,
  f64x2Div: 0xf3,
  f64x2Min: 0xf4,
  f64x2Max: 0xf5,
  i32x4TruncSatF32x4S: 0xf8,
  f32x4ConvertI32x4S: 0xfa,
  i32x4TruncSatF64x2SZero: 0xfc,
  f64x2ConvertLowI32x4S: 0xfe,
} as const;

export type ValueType = 'i32' | 'v128';
const typeCode: Record<ValueType, number> = { i32: 0x7f, v128: 0x7b };

const leb = (value: number): number[] => {
  const out: number[] = [];
  let rest = value >>> 0;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    out.push(rest ? byte | 0x80 : byte);
  } while (rest);
  return out;
};
const signedLeb = (value: number): number[] => {
  const out: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && !(byte & 0x40)) || (rest === -1 && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
};

/** The body of one function: a byte list with named locals. */
export class FunctionBuilder {
  readonly code: number[] = [];
  readonly #locals: ValueType[] = [];
  readonly #free: number[] = [];
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];

  constructor(params: readonly ValueType[], results: readonly ValueType[]) {
    this.params = params;
    this.results = results;
  }

  /** A new local; v128 locals given back by `release` are used again. */
  local(type: ValueType): number {
    if (type === 'v128' && this.#free.length) return this.#free.pop()!;
    return this.params.length + this.#locals.push(type) - 1;
  }
  release(local: number): void {
    this.#free.push(local);
  }

  emit(...bytes: number[]): this {
    for (const b of bytes) this.code.push(b);
    return this;
  }
  get(local: number): this {
    return this.emit(op.localGet, ...leb(local));
  }
  set(local: number): this {
    return this.emit(op.localSet, ...leb(local));
  }
  tee(local: number): this {
    return this.emit(op.localTee, ...leb(local));
  }
  i32(value: number): this {
    return this.emit(op.i32Const, ...signedLeb(value));
  }
  call(index: number): this {
    return this.emit(0x10, ...leb(index));
  }
  simd(code: number): this {
    return this.emit(0xfd, ...leb(code));
  }
  /** `v128.load*`/`store*` with alignment 1 and a constant offset; lane forms take a lane. */
  memory(code: number, offset = 0, lane?: number): this {
    this.simd(code).emit(0, ...leb(offset));
    return lane === undefined ? this : this.emit(lane);
  }
  i32Load(offset: number): this {
    return this.emit(op.i32Load, 2, ...leb(offset));
  }
  /** Four equal float32 lanes. */
  f32(value: number): this {
    return this.bits(new Uint8Array(new Float32Array(4).fill(value).buffer));
  }
  /** Two equal float64 lanes. */
  f64(value: number): this {
    return this.bits(new Uint8Array(new Float64Array(2).fill(value).buffer));
  }
  /** Four equal int32 lanes. */
  lanes(value: number): this {
    return this.bits(new Uint8Array(new Int32Array(4).fill(value).buffer));
  }
  bits(bytes: Uint8Array): this {
    return this.simd(simd.constant).emit(...bytes);
  }
  /** `while (count > 0) { body }`: `body` must decrease `count`. */
  whilePositive(count: number, body: () => void): this {
    this.emit(op.block, 0x40, op.loop, 0x40);
    this.get(count).i32(0).emit(op.i32GtS, op.i32Eqz, op.brIf, 1);
    body();
    return this.emit(op.br, 0, op.end, op.end);
  }
  /** `while (count >= step) { body; count -= step }`. */
  stepDown(count: number, step: number, body: () => void): this {
    this.emit(op.block, 0x40, op.loop, 0x40);
    this.get(count).i32(step).emit(op.i32LtS, op.brIf, 1);
    body();
    this.get(count).i32(step).emit(op.i32Sub).set(count);
    return this.emit(op.br, 0, op.end, op.end);
  }

  bytes(): number[] {
    const locals = [...leb(this.#locals.length), ...this.#locals.flatMap((t) => [1, typeCode[t]])];
    const body = [...locals, ...this.code, op.end];
    return [...leb(body.length), ...body];
  }
}

const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const body = [...leb(items.length), ...items.flat()];
  return [id, ...leb(body.length), ...body];
};
const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];

/** A module importing `env.memory` whose last function is exported as `run`. */
export function assembleModule(
  functions: readonly FunctionBuilder[],
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const signature = (f: FunctionBuilder): number[] => [
    0x60,
    f.params.length,
    ...f.params.map((t) => typeCode[t]),
    f.results.length,
    ...f.results.map((t) => typeCode[t]),
  ];
  const memory = shared ? [0x03, 0, ...leb(65536)] : [0x00, 0];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, functions.map(signature)),
    ...section(2, [[...name('env'), ...name('memory'), 0x02, ...memory]]),
    ...section(
      3,
      functions.map((_, i) => leb(i)),
    ),
    ...section(7, [[...name('run'), 0x00, ...leb(functions.length - 1)]]),
    ...section(
      10,
      functions.map((f) => f.bytes()),
    ),
  ]);
}
