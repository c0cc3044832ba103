// Writes synthetic checkpoints of about 4 GB in bfloat16 with the names of a Llama, without any of our code: seven layers of width 4096,
// tied embeddings of over 1 GB, four files and an index. `scale` below 1 makes narrower models for trying things out.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Shapes by name. */
export function llamaShapes(scale = 1) {
  const width = Math.round(4096 * scale);
  const [inner, narrow] = [3.5 * width, width / 4];
  const shapes = { 'model.embed_tokens.weight': [Math.round(128256 * scale), width] };
  for (let i = 0; i < 7; i++) {
    const at = `model.layers.${i}.`;
    Object.assign(shapes, {
      [`${at}self_attn.q_proj.weight`]: [width, width],
      [`${at}self_attn.k_proj.weight`]: [narrow, width],
      [`${at}self_attn.v_proj.weight`]: [narrow, width],
      [`${at}self_attn.o_proj.weight`]: [width, width],
      [`${at}mlp.gate_proj.weight`]: [inner, width],
      [`${at}mlp.up_proj.weight`]: [inner, width],
      [`${at}mlp.down_proj.weight`]: [width, inner],
      [`${at}input_layernorm.weight`]: [width],
      [`${at}post_attention_layernorm.weight`]: [width],
    });
  }
  return { ...shapes, 'model.norm.weight': [width] };
}

const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1);
const BLOCK = 2 ** 22; // values drawn once and used again with another sign pattern, so that making models takes seconds

/** bfloat16 values with a standard deviation near 0.02, different for every name and model. */
function draw(count, seed) {
  let state = createHash('sha256').update(seed).digest().readUInt32LE() | 1;
  const out = new Uint16Array(count);
  const number = new Float32Array(1);
  const bits = new Uint32Array(number.buffer);
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    number[0] = (state / 2 ** 32 - 0.5) * 0.07;
    out[i] = bits[0] >>> 16;
  }
  return out;
}

function writeFile(path, shapes, name) {
  let offset = 0;
  const header = { __metadata__: { format: 'pt' } };
  for (const [tensor, shape] of Object.entries(shapes)) {
    const bytes = 2 * sizeOf(shape);
    header[tensor] = { dtype: 'BF16', shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = openSync(path, 'w');
  writeSync(file, length);
  writeSync(file, padded);
  for (const [tensor, shape] of Object.entries(shapes)) {
    const block = draw(Math.min(BLOCK, sizeOf(shape)), `${name}/${tensor}`);
    for (let left = sizeOf(shape); left > 0; left -= block.length) {
      writeSync(file, block.subarray(0, Math.min(block.length, left)));
      block.reverse();
    }
  }
  closeSync(file);
}

/** Makes a model in `folder` unless it is there; returns its bytes. */
export function makeModel(folder, name, scale = 1) {
  const shapes = llamaShapes(scale);
  const total = 2 * Object.values(shapes).reduce((n, shape) => n + sizeOf(shape), 0);
  const done = join(folder, 'config.json');
  if (existsSync(done)) return total;
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(shapes);
  const weightMap = {};
  const files = 4;
  let start = 0;
  let reached = 0;
  for (let k = 0; k < files; k++) {
    const part = {};
    const limit = ((k + 1) * total) / files;
    while (start < names.length && (reached < limit || k === files - 1)) {
      part[names[start]] = shapes[names[start]];
      reached += 2 * sizeOf(shapes[names[start++]]);
    }
    const file = `model-0000${k + 1}-of-0000${files}.safetensors`;
    for (const tensor of Object.keys(part)) weightMap[tensor] = file;
    writeFile(join(folder, file), part, name);
  }
  writeFileSync(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: { total_size: total }, weight_map: weightMap }),
  );
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: shapes['model.norm.weight'][0],
    intermediate_size: shapes['model.layers.0.mlp.gate_proj.weight'][0],
    num_hidden_layers: 7,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: shapes['model.embed_tokens.weight'][0],
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
  };
  writeFileSync(done, JSON.stringify(config)); // last: its presence says that the model is whole
  return total;
}

/** A PEFT adapter of rank `r` on every linear layer, in float32. */
export function makeAdapter(folder, r, scale = 1) {
  mkdirSync(folder, { recursive: true });
  const header = {};
  const parts = [];
  let offset = 0;
  for (const [tensor, shape] of Object.entries(llamaShapes(scale))) {
    if (!tensor.includes('proj')) continue;
    const module = `base_model.model.${tensor.slice(0, -'.weight'.length)}`;
    for (const [factor, size] of [
      ['lora_A', [r, shape[1]]],
      ['lora_B', [shape[0], r]],
    ]) {
      const values = Float32Array.from(
        draw(sizeOf(size), `${tensor}/${factor}`),
        (bits) => bits / 2 ** 22 - 0.005,
      );
      header[`${module}.${factor}.weight`] = {
        dtype: 'F32',
        shape: size,
        data_offsets: [offset, offset + values.byteLength],
      };
      offset += values.byteLength;
      parts.push(Buffer.from(values.buffer));
    }
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  writeFileSync(join(folder, 'adapter_model.safetensors'), Buffer.concat([length, padded, ...parts]));
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    r,
    lora_alpha: 2 * r,
    target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
  };
  writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));
}
