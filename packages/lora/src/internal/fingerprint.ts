import { adapterTensors } from '../format/serialize-lora-adapter.js';
import { isLora, type PeftAdapter } from '../peft/peft-adapter.js';

/** A name for what an adapter does, by SHA-256 of its tensors, scaling and weight: equal for copies, whatever they are called. */
export async function fingerprint(adapter: PeftAdapter, weight: number): Promise<string> {
  const settings = isLora(adapter)
    ? [
        adapter.config.r,
        adapter.config.loraAlpha,
        adapter.config.useRslora,
        adapter.config.rankPattern,
        adapter.config.alphaPattern,
      ]
    : [adapter.config.peftType, adapter.config.values];
  const tensors = isLora(adapter)
    ? Object.entries(adapterTensors(adapter))
    : [...adapter.modules].flatMap(([path, factors]) =>
        [...factors].map(([name, raw]) => [`${path}.${name}`, raw] as const),
      );
  const parts: Uint8Array[] = [new TextEncoder().encode(JSON.stringify([settings, weight]))];
  for (const [name, { dtype, shape, bytes }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    parts.push(new TextEncoder().encode(JSON.stringify([name, dtype, shape])), await digest(bytes));
  }
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const hash = await digest(all);
  return [...hash.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const digest = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
