/** A small next-scale model of pictures in symbols, as visual autoregressive models are, and made-up classes of pictures for it. */
import { type ApplyContext, linear, type Model, type StateDict } from '@weightloom/nn';
import {
  add,
  categorical,
  concat,
  div,
  embedding,
  foldIn,
  gelu,
  generator,
  type Key,
  normal,
  reshape,
  rmsNorm,
  scaledDotProductAttention,
  slice,
  take,
  type Tensor,
  tensor,
  tidy,
} from '@weightloom/tensor-gpu';

/** A picture is four maps of 1, 4, 16 and 64 symbols, coarse to fine. */
export const SCALES = [1, 4, 16, 64];
const SIDES = SCALES.map(Math.sqrt);
export const TOKENS = SCALES.reduce((a, b) => a + b);
/** Tokens of all scales but the finest. */
export const COARSE = TOKENS - SCALES.at(-1)!;
export const SYMBOLS = 16;
/** Classes of pictures; the place after them is for the subject. */
export const CLASSES = 4;
export const SUBJECT = 4;

const WIDTH = 32;
const BLOCKS = ['blocks.0', 'blocks.1'];
const CONTEXT = 4; // vectors that describe a class

/** For each token: where its parent is among all tokens; the only token of the first scale has none. */
const PARENTS = SCALES.flatMap((count, scale) => {
  const side = SIDES[scale]!;
  const before = SCALES.slice(0, scale - 1).reduce((a, b) => a + b, 0);
  return Array.from({ length: count }, (_, i) => {
    if (scale === 0) return 0;
    const [row, column] = [Math.floor(i / side), i % side];
    return before + Math.floor(row / 2) * (side / 2) + Math.floor(column / 2);
  });
});
const SCALE_OF = SCALES.flatMap((count, scale) => Array.from({ length: count }, () => scale));

/**
 * Two transformer blocks: self-attention among all tokens of the same and of coarser scales, cross-attention to the four vectors of a
 * class, a feed-forward layer. A token is predicted from its parent, one scale up.
 *
 * `apply` takes int32 `[B, 1 + 85]`, a class and the tokens of a picture, and gives logits `[B, 85, 16]`.
 */
export const nextScaleModel: Model = {
  config: { type: 'next-scale', width: WIDTH },
  init(key: Key): StateDict {
    const draw = (name: string, shape: number[], std: number): [string, Tensor] => [
      name,
      normal(foldIn(key, name), shape, 0, std),
    ];
    const layer = (path: string, inputs: number, outputs: number): [string, Tensor] =>
      draw(`${path}.weight`, [outputs, inputs], 1 / Math.sqrt(inputs));
    return Object.fromEntries([
      draw('symbols.weight', [SYMBOLS + 1, WIDTH], 1), // the last one is the start
      draw('positions.weight', [TOKENS, WIDTH], 1),
      draw('classes.weight', [CLASSES, CONTEXT * WIDTH], 1),
      draw('placeholder.weight', [1, CONTEXT * WIDTH], 1),
      ...BLOCKS.flatMap((block) => [
        ...['self', 'cross'].flatMap((attention) =>
          ['q', 'k', 'v', 'out'].map((part) => layer(`${block}.${attention}.${part}`, WIDTH, WIDTH)),
        ),
        layer(`${block}.mlp.up`, WIDTH, 2 * WIDTH),
        layer(`${block}.mlp.down`, 2 * WIDTH, WIDTH),
      ]),
      layer('head', WIDTH, SYMBOLS),
    ]);
  },
  apply(params: StateDict, x: Tensor, ctx?: ApplyContext): Tensor {
    const batch = x.shape[0]!;
    const tokens = slice(x, [0, 1], [batch, 1 + TOKENS]);
    const parents = take(tokens, tensor(Int32Array.from(PARENTS.slice(1))), 1);
    const start = tensor(new Int32Array(batch).fill(SYMBOLS), [batch, 1]);
    const inputs = embedding(params['symbols.weight']!, concat([start, parents], 1));
    let h = add(inputs, params['positions.weight']!);
    const described = embedding(
      concat([params['classes.weight']!, params['placeholder.weight']!], 0),
      reshape(slice(x, [0, 0], [batch, 1]), [batch]),
    );
    const context = reshape(described, [batch, CONTEXT, WIDTH]);
    const mask = tensor(SCALE_OF.map((own) => SCALE_OF.map((other) => (other <= own ? 0 : -1e9))));
    const attend = (path: string, from: Tensor, to: Tensor, bias?: Tensor): Tensor => {
      const part = (name: string, input: Tensor): Tensor =>
        reshape(linear(params, `${path}.${name}`, input, ctx), [batch, 1, -1, WIDTH]);
      const seen = scaledDotProductAttention(part('q', from), part('k', to), part('v', to), { mask: bias });
      return linear(params, `${path}.out`, reshape(seen, [batch, -1, WIDTH]), ctx);
    };
    for (const block of BLOCKS) {
      const own = rmsNorm(h);
      h = add(h, attend(`${block}.self`, own, own, mask));
      h = add(h, attend(`${block}.cross`, rmsNorm(h), context));
      const wide = gelu(linear(params, `${block}.mlp.up`, rmsNorm(h), ctx));
      h = add(h, linear(params, `${block}.mlp.down`, wide, ctx));
    }
    return linear(params, 'head', rmsNorm(h), ctx);
  },
};

/** A kind of picture: what each coarse token usually is, and how a fine one follows from its parent. */
interface Kind {
  readonly usual: Int32Array;
  readonly shift: number;
  /** How often a coarse token is the usual one. */
  readonly coarse: number;
  /** How often a fine one follows from its parent; else it is any. */
  readonly fine: number;
}

/** Four classes with coarse layouts of their own; the subject has one layout that never varies, and random details. */
export function makeKinds(key: Key): Kind[] {
  const draw = generator(key);
  return Array.from({ length: CLASSES + 1 }, (_, i) => ({
    usual: Int32Array.from({ length: COARSE }, () => draw.integer(SYMBOLS)),
    shift: 1 + i,
    coarse: i === SUBJECT ? 1 : 0.85,
    fine: i === SUBJECT ? 0 : 0.85,
  }));
}

/** Pictures of one kind as rows `[class, tokens…]`, int32 `[count, 86]`. */
export function drawPictures(key: Key, kinds: readonly Kind[], kind: number, count: number): Int32Array {
  const draw = generator(key);
  const { usual, shift, coarse, fine } = kinds[kind]!;
  const rows = new Int32Array(count * (1 + TOKENS));
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * (1 + TOKENS), (i + 1) * (1 + TOKENS));
    row[0] = kind;
    for (let t = 0; t < TOKENS; t++) {
      const likely = t < COARSE ? usual[t]! : (row[1 + PARENTS[t]!]! + shift) % SYMBOLS;
      row[1 + t] = draw.uniform() < (t < COARSE ? coarse : fine) ? likely : draw.integer(SYMBOLS);
    }
  }
  return rows;
}

export const asBatch = (rows: Int32Array): Tensor => tensor(rows, [rows.length / (1 + TOKENS), 1 + TOKENS]);

/** The tokens of a batch, without the class. */
export const tokensOf = (x: Tensor): Tensor => slice(x, [0, 1], [x.shape[0]!, 1 + TOKENS]);

/** Draws pictures of a class from a model, scale by scale. */
export function samplePictures(
  params: StateDict,
  key: Key,
  kind: number,
  count: number,
  temperature = 0.5,
): Tensor {
  const rows = new Int32Array(count * (1 + TOKENS));
  for (let i = 0; i < count; i++) rows[i * (1 + TOKENS)] = kind;
  let first = 0;
  for (const [scale, size] of SCALES.entries()) {
    const drawn = tidy(() => {
      const logits = nextScaleModel.apply(params, asBatch(rows));
      return categorical(
        foldIn(key, scale),
        div(slice(logits, [0, first, 0], [count, first + size, SYMBOLS]), temperature),
      );
    });
    const symbols = drawn.dataSync();
    for (let i = 0; i < count; i++)
      for (let t = 0; t < size; t++) rows[i * (1 + TOKENS) + 1 + first + t] = symbols[i * size + t]!;
    drawn.dispose();
    first += size;
  }
  return asBatch(rows);
}
