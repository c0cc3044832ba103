import type { Checkpoint } from '@weightloom/checkpoint';
import {
  AdapterError,
  type AdapterLayout,
  type ConversionReport,
  detectLayout,
  fromDiffusers,
  fromKohya,
  fromMlx,
  openPeftAdapter,
  type OtherAdapter,
  type PipelineAdapters,
} from '@weightloom/lora';
import { type Folder, folderSource, openFolder, textOf } from './folder.js';
import { pipelineParts } from './pipeline-parts.js';

/** What a folder or file is: an adapter in one of the layouts, or a model, whose names some layouts need. */
export type FolderRole =
  { readonly role: 'adapter'; readonly layout: AdapterLayout } | { readonly role: 'base' };

/** An adapter as it was found. */
export interface FoundAdapter {
  readonly layout: AdapterLayout;
  /** By part of a pipeline; adapters that are for one model have the part they were given. */
  readonly adapters: PipelineAdapters;
  /** Set for a method of PEFT other than LoRA, which can be looked at only. */
  readonly other?: OtherAdapter;
  readonly report: ConversionReport;
}

const nothing: ConversionReport = { mapped: [], left: [] };
const CONFIG = 'adapter_config.json';
const FACTOR = /(^|[._])(lora|hada|lokr|ia3|miss|bone|oft)(_|\.|$)/;

/** Tells adapters from models by their files, and the layouts of adapters apart. */
export async function roleOf(folder: Folder, checkpoint: Checkpoint): Promise<FolderRole> {
  const config = await textOf(folder, CONFIG);
  const isAdapter = config !== undefined || checkpoint.names.some((name) => FACTOR.test(name));
  return isAdapter ? { role: 'adapter', layout: detectLayout(checkpoint.names, config) } : { role: 'base' };
}

export interface ReadAdapterOptions {
  /** The part of a pipeline that an adapter without parts is for. */
  readonly part: string;
  /** Models on the page, which tell the module names that kohya's files hide. */
  readonly bases: readonly Folder[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads an adapter in any layout.
 *
 * @throws {AdapterError} and `CheckpointError`, as the readers of the layouts
 */
export async function readAdapterFolder(folder: Folder, options: ReadAdapterOptions): Promise<FoundAdapter> {
  const { part, signal } = options;
  const checkpoint = await openFolder(folder, signal);
  try {
    const found = await roleOf(folder, checkpoint);
    if (found.role === 'base') {
      throw new AdapterError({
        where: folder.path,
        expected: 'an adapter',
        received: 'the weights of a model, with no factors among them',
      });
    }
    const { layout } = found;
    const config = await textOf(folder, CONFIG);
    if (layout === 'peft') {
      const adapter = await openPeftAdapter(folderSource(folder), { signal });
      if ('layers' in adapter) return { layout, adapters: { [part]: adapter }, report: nothing };
      return { layout, adapters: {}, other: adapter, report: nothing };
    }
    if (checkpoint.names.some((name) => name.startsWith('base_model.model.'))) {
      throw new AdapterError({
        where: folder.path,
        expected: `${CONFIG} beside weights of PEFT`,
        received: 'the weights alone',
        cure: 'give the whole folder',
      });
    }
    const { tensors, metadata } = await checkpoint.readAll({ signal });
    if (layout === 'mlx') {
      const { adapter, report } = fromMlx(tensors, config!);
      return { layout, adapters: { [part]: adapter }, report };
    }
    if (layout === 'diffusers') return { layout, ...fromDiffusers(tensors, metadata) };
    return { layout, ...fromKohya(tensors, { modules: await modulesOf(folder, options) }) };
  } finally {
    await checkpoint.close();
  }
}

/** Module paths by part, from the models on the page: a folder called `unet` is the U-Net. */
async function modulesOf(
  folder: Folder,
  { bases, part, signal }: ReadAdapterOptions,
): Promise<Record<string, string[]>> {
  if (bases.length === 0) {
    throw new AdapterError({
      where: folder.path,
      expected: 'the module names of its base, as underscores in the file hide the dots',
      received: 'no model on this page',
      cure: 'drop the folder of the base too (unet, text_encoder, …); only its headers are read',
    });
  }
  const modules: Record<string, string[]> = {};
  for (const base of bases) {
    const checkpoint = await openFolder(base, signal);
    const last = base.path.slice(base.path.lastIndexOf('/') + 1);
    const own = (pipelineParts as readonly string[]).includes(last) ? last : part;
    modules[own] = [...new Set(checkpoint.names.map((name) => name.replace(/\.[^.]+$/, '')))];
    await checkpoint.close();
  }
  return modules;
}
