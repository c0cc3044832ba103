import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { averageFiles } from '../snippets/average-files.js';
import { mergePickedFiles } from '../snippets/merge-picked-files.js';
import { combineSkills } from '../snippets/task-vectors.js';

const folder = mkdtempSync(join(tmpdir(), 'snippets-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A safetensors file of one float32 tensor, made by hand: length of the header, header, values. */
function safetensors(values: number[]): Buffer {
  const header = JSON.stringify({
    'layer.weight': { dtype: 'F32', shape: [values.length], data_offsets: [0, 4 * values.length] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(Float32Array.from(values).buffer)]);
}

/** The values of such a file, read by hand. */
function valuesOf(file: Uint8Array): number[] {
  const bytes = Buffer.from(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  return Array.from({ length: (bytes.length - start) / 4 }, (_, i) => bytes.readFloatLE(start + 4 * i));
}

function write(name: string, values: number[]): string {
  const path = join(folder, name);
  writeFileSync(path, safetensors(values));
  return path;
}

describe('the snippets of the guide', () => {
  it('average two files', async () => {
    const output = join(folder, 'soup.safetensors');
    await averageFiles([write('a.safetensors', [1, 2, 3]), write('b.safetensors', [3, 2, -1])], output);
    expect(valuesOf(readFileSync(output))).toEqual([2, 2, 1]);
  });

  it('combine the skills of two fine-tunes', async () => {
    const base = write('base.safetensors', [1, 1, 1, 1]);
    const skills = [write('c.safetensors', [3, 1.5, 1, 0]), write('d.safetensors', [2, 1, 1, -1])];
    const output = join(folder, 'skills.safetensors');
    await combineSkills(base, skills, output);
    // Half of the changes [2, .5, 0, -1] and [1, 0, 0, -2] stay: [2, 0, 0, -1] and [1, 0, 0, -2]; their means are added.
    expect(valuesOf(readFileSync(output))).toEqual([2.5, 1, 1, -0.5]);
  });

  it('merge files that a visitor picked', async () => {
    const picked = [
      [0, 4],
      [2, 2],
    ].map((values, i) => new File([new Uint8Array(safetensors(values))], `${i}.safetensors`));
    const merged = await mergePickedFiles(picked);
    expect(valuesOf(new Uint8Array(await merged.arrayBuffer()))).toEqual([1, 3]);
  });
});
