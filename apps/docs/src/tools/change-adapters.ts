import { serializeSafetensors } from '@weightloom/checkpoint';
import {
  AdapterError,
  combineAdapters,
  type ConversionReport,
  type LoraAdapter,
  serializeLoraAdapter,
  toDiffusers,
  toKohya,
  toMlx,
} from '@weightloom/lora';
import { key } from '@weightloom/tensor-gpu';
import { findFolder, openFolder, type Folder } from './folder.js';
import { viewsOf } from './inspect-adapter-folder.js';
import type { CombineRequest, ConvertRequest, LoraOutput } from './lora-request.js';
import { readAdapterFolder, roleOf } from './read-adapter-folder.js';

/** Combines adapters into one, as the command line does; the result is a folder of PEFT. */
export async function combineFolders(request: CombineRequest, signal?: AbortSignal): Promise<LoraOutput> {
  const { folders, chosen, part, type, svdRank, density, seed, dropSaved } = request;
  const bases = await basesAmong(folders);
  const adapters: LoraAdapter[] = [];
  for (const { path } of chosen) {
    const found = await readAdapterFolder(findFolder(folders, path), { part, bases, signal });
    const own = Object.values(found.adapters);
    if (own.length !== 1) {
      throw new AdapterError({
        where: path,
        expected: 'a LoRA adapter of one model',
        received: found.other
          ? `one of ${found.other.config.peftType}`
          : `parts for ${Object.keys(found.adapters).join(', ')}`,
        cure: found.other ? undefined : 'convert it to PEFT first, then combine part by part',
      });
    }
    adapters.push(own[0]!);
  }
  const combined = combineAdapters(adapters, {
    weights: chosen.map(({ weight }) => weight),
    type,
    svdRank,
    density,
    dropSaved,
    key: key(seed),
  });
  return {
    files: peftFiles(combined),
    views: viewsOf({ [part]: combined }),
    left: [],
    mapped: [],
    warnings: adapters.flatMap(({ warnings }) => warnings),
  };
}

/** Brings an adapter into another layout, with a report of what has no place there. */
export async function convertFolder(request: ConvertRequest, signal?: AbortSignal): Promise<LoraOutput> {
  const { folders, path, part, to } = request;
  const bases = await basesAmong(folders);
  const folder = findFolder(folders, path);
  const { adapters, other, report } = await readAdapterFolder(folder, { part, bases, signal });
  if (other) {
    throw new AdapterError({
      where: path,
      expected: 'a LoRA adapter',
      received: `one of ${other.config.peftType}`,
      cure: 'merge it into its base, then extract a LoRA adapter from the result',
    });
  }
  const output = { views: viewsOf(adapters), warnings: [] };
  if (to === 'kohya' || to === 'diffusers') {
    const made = to === 'kohya' ? toKohya(adapters) : toDiffusers(adapters);
    const name = `${folder.path.replace(/^.*\//, '').replace(/\.safetensors$/, '')}-${to}.safetensors`;
    const files = [fileOf(name, serializeSafetensors(made.tensors, made.metadata))];
    return { ...output, files, ...joined(report, made.report) };
  }
  const files: File[] = [];
  const reports: ConversionReport[] = [report];
  for (const [own, adapter] of Object.entries(adapters)) {
    // Parts are told apart by their file's name, as downloads have no folders.
    const prefix = Object.keys(adapters).length > 1 ? `${own}-` : '';
    if (to === 'peft') files.push(...peftFiles(adapter, prefix));
    else {
      const { tensors, metadata, config, report: left } = toMlx(adapter);
      reports.push(left);
      files.push(fileOf(`${prefix}adapters.safetensors`, serializeSafetensors(tensors, metadata)));
      files.push(fileOf(`${prefix}adapter_config.json`, config));
    }
  }
  return { ...output, files, ...joined(...reports) };
}

async function basesAmong(folders: readonly Folder[]): Promise<Folder[]> {
  const bases: Folder[] = [];
  for (const folder of folders) {
    const checkpoint = await openFolder(folder).catch(() => undefined); // one that is refused is no base
    if (!checkpoint) continue;
    if ((await roleOf(folder, checkpoint)).role === 'base') bases.push(folder);
    await checkpoint.close();
  }
  return bases;
}

function peftFiles(adapter: LoraAdapter, prefix = ''): File[] {
  const { config, weights } = serializeLoraAdapter(adapter);
  return [
    fileOf(`${prefix}adapter_config.json`, config),
    fileOf(`${prefix}adapter_model.safetensors`, weights),
  ];
}

const fileOf = (name: string, content: string | Uint8Array): File =>
  new File([content as Uint8Array<ArrayBuffer>], name);

const joined = (...reports: readonly ConversionReport[]) => ({
  left: reports.flatMap(({ left }) => left),
  mapped: reports.flatMap(({ mapped }) => mapped),
});
