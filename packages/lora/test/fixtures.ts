import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { parseSafetensors, type RawStateDict, toFloat32 } from '@weightloom/checkpoint';
import { type AdapterFiles, parseLoraAdapter, parsePeftAdapter } from '../src/index.js';

/** A file that PEFT wrote; see `__fixtures__/peft/ORIGIN.md`. */
export const peftPath = (name = ''): string =>
  fileURLToPath(new URL(`__fixtures__/peft/${name}`, import.meta.url));

export const peftBytes = (name: string): Uint8Array => new Uint8Array(readFileSync(peftPath(name)));
export const peftTensors = (name: string): RawStateDict =>
  parseSafetensors(peftBytes(`${name}.safetensors`)).tensors;

export function peftFiles(name: string): AdapterFiles {
  const config = readFileSync(peftPath(`${name}/adapter_config.json`), 'utf8');
  return { config, tensors: peftTensors(`${name}/adapter_model`), where: name };
}

export const peftAdapter = (name: string) => parseLoraAdapter(peftFiles(name));
export const anyPeftAdapter = (name: string) => parsePeftAdapter(peftFiles(name));

/** Largest difference between tensors of equal names; infinite when names or shapes differ. */
export function largestDifference(a: RawStateDict, b: RawStateDict): number {
  const names = Object.keys(a).sort();
  if (names.join() !== Object.keys(b).sort().join()) return Infinity;
  return Math.max(
    ...names.map((name) => {
      if (a[name]!.shape.join() !== b[name]!.shape.join()) return Infinity;
      const [x, y] = [toFloat32(a[name]!, { allowLoss: true }), toFloat32(b[name]!, { allowLoss: true })];
      return x.reduce((largest, value, i) => Math.max(largest, Math.abs(value - y[i]!)), 0);
    }),
  );
}

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A new folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lora-test-'));
  made.push(folder);
  return folder;
}
