import { type ApplyContext, conv, linear, type StateDict } from '@weightloom/nn';
import { add, embedding, matmul, tanh, type Tensor, transpose } from '@weightloom/tensor-gpu';

/** The network of `golden/make-peft.py`, in two parts: from tokens to logits, and from images to images. */
export const textNet = {
  apply(params: StateDict, tokens: Tensor, ctx: ApplyContext = {}): Tensor {
    let h = embedding(params['embed.weight']!, tokens);
    for (const i of [0, 1]) h = tanh(linear(params, `layers.${i}`, h, ctx));
    h = conv1d(params, 'c_proj', tanh(conv1d(params, 'c_attn', h, ctx)), ctx);
    return linear(params, 'head', h, ctx);
  },
};

/** GPT-2's linear layer: weight `[in, out]`. */
function conv1d(params: StateDict, path: string, x: Tensor, ctx: ApplyContext): Tensor {
  const [weight, bias] = [transpose(params[`${path}.weight`]!), params[`${path}.bias`]!];
  return ctx.linear?.(path, x, weight, bias) ?? add(matmul(x, transpose(weight)), bias);
}

export const imageNet = {
  apply: (params: StateDict, image: Tensor, ctx: ApplyContext = {}): Tensor =>
    conv(params, 'pointwise', tanh(conv(params, 'conv', image, {}, ctx)), {}, ctx),
};
