import type { AutoSpecOptions } from '../auto-spec.js';
import type { AxisSpec, PermutationSpec } from '../permutation-spec.js';
import { refuseName } from './refuse-name.js';
import type { Shapes } from './resolve-spec.js';

const STREAM = 'stream';

/** The spec of a transformer: residual stream, heads, neurons. */
export function transformerAxes(
  params: Shapes,
  { heads, kvHeads = heads }: AutoSpecOptions,
): PermutationSpec {
  const isCount = (value: number | undefined) => Number.isInteger(value) && value! >= 1;
  if (!isCount(heads) || !isCount(kvHeads) || heads! % kvHeads! !== 0) {
    throw new RangeError(
      `autoSpec: expected the number of attention heads, and of keys and values a divisor of it, received ${heads} and ${kvHeads}; pass autoSpec(params, { heads }) as the spec`,
    );
  }
  const tensors: Record<string, readonly AxisSpec[] | null> = {};
  for (const name of Object.keys(params)) {
    tensors[name] = axesOf(params, name, heads!, kvHeads!);
  }
  const transposed = Object.keys(params).filter((name) => /\.(c_attn|c_proj|c_fc)\.weight$/.test(name));
  return { tensors, ...(transposed.length > 0 && { transposed }) };
}

function axesOf(params: Shapes, name: string, heads: number, kvHeads: number): readonly AxisSpec[] | null {
  const [, block = '', module = '', kind = ''] =
    /^(?:(.*\.\d+)\.)?(?:.*\.)?(\w+?)\.(weight|bias)$/.exec(name) ?? [];
  const { shape } = params[name]!;
  const isBias = kind === 'bias';
  const headGroup = `${block}.heads`;
  /** An axis of heads, whose units are those of keys and values with the queries they serve. */
  const byHead = (length: number, parts = 1): AxisSpec => ({
    group: headGroup,
    block: length / (kvHeads * parts),
    parts,
  });
  if (/attn\.(bias|masked_bias)$/.test(name) && shape.length !== 1) return null; // GPT-2's causal mask
  const first = shape[0]!;
  switch (module) {
    case 'q_proj':
    case 'k_proj':
    case 'v_proj':
      return isBias ? [byHead(first)] : [byHead(first), STREAM];
    case 'out_proj':
    case 'o_proj':
      return isBias ? [STREAM] : [STREAM, byHead(shape[1]!)];
    case 'up_proj':
    case 'gate_proj':
      return isBias ? [`${block}.mlp`] : [`${block}.mlp`, STREAM];
    case 'down_proj':
      return isBias ? [STREAM] : [STREAM, `${block}.mlp`];
    case 'c_attn':
      return isBias ? [byHead(first, 3)] : [STREAM, byHead(shape[1]!, 3)];
    case 'c_fc':
      return isBias ? [`${block}.mlp`] : [STREAM, `${block}.mlp`];
    case 'c_proj': {
      if (isBias) return [STREAM];
      return [name.includes('attn.') ? byHead(first) : `${block}.mlp`, STREAM];
    }
    case 'wte':
    case 'wpe':
    case 'embed_tokens':
    case 'token_embedding':
    case 'position_embedding':
    case 'lm_head':
    case 'head':
      return isBias ? [null] : [null, STREAM];
    case 'patch_embedding':
      return isBias ? [STREAM] : [STREAM, null, null, null];
    case 'ln_1':
    case 'ln_2':
    case 'ln_f':
    case 'norm':
    case 'attention_norm':
    case 'mlp_norm':
    case 'input_layernorm':
    case 'post_attention_layernorm':
    case 'pre_feedforward_layernorm':
    case 'post_feedforward_layernorm':
      return [STREAM];
    case 'q_norm':
    case 'k_norm': {
      if (first * heads !== (params[`${block}.self_attn.q_proj.weight`]?.shape[0] ?? 0)) break; // over all heads at once
      return [null];
    }
  }
  if (name === 'class_token') return [null, null, STREAM];
  return refuseName(name, shape, 'a part of a transformer whose names are known');
}
