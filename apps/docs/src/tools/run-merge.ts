import { directoryTarget, openCheckpoint, parseShardSize } from '@weightloom/checkpoint';
import { renderReport } from '@weightloom/cli-kit/report';
import { mergeIntoCheckpoint, openPeftAdapter } from '@weightloom/lora';
import {
  inspectRecipe,
  mergeReport,
  type OpenModel,
  parseRecipe,
  type Recipe,
  type RecipeResult,
  runRecipe,
  showModelReference,
  type TensorStatistics,
  withStatistics,
} from '@weightloom/merging';
import { workingMemory } from '@weightloom/state-dict';
import type { JobTools } from '../jobs/serve-job.js';
import { findFolder, folderSource, openFolder } from './folder.js';
import type { DryRun, Merged, MergeRequest, MergeResult } from './merge-request.js';
import { pageReport } from './page-report.js';
import { withRoom } from './with-room.js';

/** Does what a merge page asks for: the same as the command line, on folders of the visitor. */
export async function runMerge(request: MergeRequest, tools: JobTools): Promise<MergeResult> {
  const recipes = parseRecipe(request.recipe, { label: 'recipe' });
  return request.output ? merge(recipes, request, tools) : dryRun(recipes, request, tools);
}

async function dryRun(
  recipes: readonly Recipe[],
  request: MergeRequest,
  { signal }: JobTools,
): Promise<DryRun> {
  if (recipes.length > 1) {
    throw new RangeError(
      `a dry run is for one recipe, received ${recipes.length}: the later ones use results of the earlier`,
    );
  }
  const open = opener(request, new Map(), signal);
  const { tensors, totalSize, layers, warnings } = await inspectRecipe(recipes[0]!, {
    ...planOptions(request),
    open,
  });
  return {
    kind: 'dry-run',
    totalSize,
    workingMemory: workingMemory(tensors, {}),
    layers: layers.length,
    warnings,
    tensors: tensors.map(({ name, dtype, shape, method, parameters }) => ({
      name,
      dtype,
      shape,
      method: method?.name ?? 'copy',
      parameters,
    })),
  };
}

async function merge(recipes: readonly Recipe[], request: MergeRequest, tools: JobTools): Promise<Merged> {
  const { directory, isPrivate, overwrite } = request.output!;
  const { signal } = tools;
  const stages = new Map<string, FileSystemDirectoryHandle>();
  const open = opener(request, stages, signal);
  const warnings: string[] = [];
  let statistics: ReadonlyMap<string, TensorStatistics> = new Map();
  let result: RecipeResult | undefined;
  for (const [i, recipe] of recipes.entries()) {
    const isLast = i === recipes.length - 1;
    const stage = isLast ? undefined : await privateFolder(request, `stage-${i}`);
    const target = directoryTarget(stage ?? directory, { overwrite: stage ? true : overwrite });
    const prefix = recipes.length > 1 ? `recipe ${i + 1} of ${recipes.length}, ` : '';
    result = await runRecipe(recipe, {
      ...planOptions(request),
      open,
      output: stage || isPrivate ? withRoom(target) : target,
      maxShardSize: parseShardSize(request.options.maxShardSize),
      onPlan: (plan) => {
        const watched = withStatistics(plan);
        ({ statistics } = watched);
        return watched.plan;
      },
      onProgress: ({ label, ...rest }) => tools.onProgress({ ...rest, label: prefix + label }),
      signal,
    });
    warnings.push(...result.plan.warnings);
    if (stage) stages.set(recipe.name!, stage);
  }
  const { plan, files, totalSize } = result!;
  const report = mergeReport(recipes.at(-1)!, plan, statistics);
  return {
    kind: 'merged',
    totalSize,
    tensorCount: plan.tensors.length,
    files: files.map(({ name, byteLength }) => ({ name, byteLength })),
    warnings,
    report: pageReport(report),
    reportHtml: renderReport(report),
    statistics: [...statistics.values()],
  };
}

const planOptions = ({ options }: MergeRequest) => ({
  seed: options.seed,
  truncateVocabulary: options.truncateVocabulary,
  allowCrimes: options.allowCrimes,
  tensors: options.tensors,
});

/** Opens models by the names of folders; one with an adapter is made in private storage first, and once. */
function opener(
  request: MergeRequest,
  stages: ReadonlyMap<string, FileSystemDirectoryHandle>,
  signal: AbortSignal,
): OpenModel {
  const adapted = new Map<string, Promise<FileSystemDirectoryHandle>>();
  const openPlain = (path: string) => {
    const stage = stages.get(path);
    return stage ? openCheckpoint(stage, { signal }) : openFolder(findFolder(request.folders, path), signal);
  };
  return async (reference) => {
    const { path, adapter } = reference;
    if (!adapter) return openPlain(path);
    const id = showModelReference(reference);
    const made =
      adapted.get(id) ??
      (async () => {
        const folder = await privateFolder(request, `adapted-${adapted.size}`);
        const base = await openPlain(path);
        try {
          const peft = await openPeftAdapter(folderSource(findFolder(request.folders, adapter.path)), {
            signal,
          });
          const output = withRoom(directoryTarget(folder, { overwrite: true }));
          await mergeIntoCheckpoint(base, peft, { output, untie: true, signal });
        } finally {
          await base.close();
        }
        return folder;
      })();
    adapted.set(id, made);
    return openCheckpoint(await made, { signal });
  };
}

async function privateFolder({ scratch }: MergeRequest, name: string): Promise<FileSystemDirectoryHandle> {
  if (!scratch) {
    throw new RangeError(
      'adapters and recipes of several stages need storage of the browser for what lies between, which this browser does not offer',
    );
  }
  return scratch.getDirectoryHandle(name, { create: true });
}
