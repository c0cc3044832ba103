import { CheckpointError } from '@weightloom/checkpoint';
import { formatBytes, formatNumber } from '@weightloom/cli-kit';
import type { ChartSpec } from '@weightloom/cli-kit/charts';
import { AdapterError, inspectAdapter, type ModuleInspection, type PipelineAdapters } from '@weightloom/lora';
import { drawChart } from '../draw-chart.js';
import { type Folder, openFolder } from './folder.js';
import type { AdapterView, LoraSummary } from './lora-request.js';
import { readAdapterFolder, roleOf } from './read-adapter-folder.js';

/** Modules a bar chart shows; more would not be read. */
const SHOWN = 40;

/** Looks at everything on the page: adapters in numbers, models by their headers. */
export async function inspectAdapterFolders(
  folders: readonly Folder[],
  part: string,
): Promise<LoraSummary[]> {
  const roles = await Promise.all(folders.map(look));
  const bases = folders.filter((_, i) => roles[i]!.role === 'base' && !roles[i]!.fault);
  return Promise.all(
    folders.map(async (folder, i): Promise<LoraSummary> => {
      const known = roles[i]!;
      if (known.role === 'base' || known.fault) return known;
      try {
        const { adapters, other, report } = await readAdapterFolder(folder, { part, bases });
        const note = other
          ? `${other.config.peftType} of PEFT, ${other.modules.size} modules: it can be merged, not combined or converted`
          : '';
        return { ...known, note, views: viewsOf(adapters), left: report.left };
      } catch (error) {
        return { ...known, fault: faultOf(error) };
      }
    }),
  );
}

async function look(folder: Folder): Promise<LoraSummary> {
  const empty = { path: folder.path, views: [], note: '', left: [] };
  try {
    const checkpoint = await openFolder(folder);
    const found = await roleOf(folder, checkpoint);
    const bytes = [...checkpoint.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    await checkpoint.close();
    const note = `a model: ${formatNumber(checkpoint.names.length)} tensors, ${formatBytes(bytes)}`;
    return { ...empty, ...found, note: found.role === 'base' ? note : '' };
  } catch (error) {
    return { ...empty, role: 'adapter', fault: faultOf(error) };
  }
}

export function faultOf(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (CheckpointError.isInstance(error)) return { code: error.code, message };
  return { code: AdapterError.isInstance(error) ? 'adapter' : 'unreadable', message };
}

/** Adapters in numbers and charts. */
export const viewsOf = (adapters: PipelineAdapters): AdapterView[] =>
  Object.entries(adapters).map(([part, adapter]) => {
    const inspection = inspectAdapter(adapter);
    return { part, inspection, charts: chartsOf(inspection.modules).map(drawChart) };
  });

function chartsOf(modules: readonly ModuleInspection[]): ChartSpec[] {
  const placed = modules.map((module) => {
    const found = /^.*?\.?(?:layers|h|blocks|block)\.(\d+)\.(.+)$/.exec(module.module);
    return found && { ...module, layer: Number(found[1]), target: found[2]! };
  });
  const inLayers = placed.filter((module) => module !== null);
  const layers = [...new Set(inLayers.map(({ layer }) => layer))].sort((a, b) => a - b);
  const targets = [...new Set(inLayers.map(({ target }) => target))];
  if (inLayers.length === modules.length && layers.length > 1) {
    const at = (layer: number, target: string) =>
      inLayers.find((module) => module.layer === layer && module.target === target);
    const line = (title: string, label: string, value: (module: ModuleInspection) => number): ChartSpec => ({
      type: 'line',
      title,
      xAxis: { label: 'layer' },
      yAxis: { label },
      series: targets.slice(0, 8).map((target) => {
        const own = layers.filter((layer) => at(layer, target));
        return { name: target, x: own, y: own.map((layer) => value(at(layer, target)!)) };
      }),
    });
    return [
      line('Size of each update', '‖ΔW‖', ({ norm }) => norm),
      line('Directions that matter in each update', 'effective rank', (module) => module.effectiveRank),
    ];
  }
  const largest = [...modules].sort((a, b) => b.norm - a.norm).slice(0, SHOWN);
  return [
    {
      type: 'bar',
      title: `Size of each update${modules.length > SHOWN ? `, the ${SHOWN} largest` : ''}`,
      horizontal: true,
      categories: largest.map(({ module }) => module),
      series: [{ name: '‖ΔW‖', values: largest.map(({ norm }) => norm) }],
    },
  ];
}
