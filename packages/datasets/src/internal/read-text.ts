import { datasets, type DatasetName } from '../datasets.js';
import { unpackPayload } from './unpack-payload.js';

/** One dynamic import per file, so that a bundler makes one lazy chunk of each. */
const files: Record<DatasetName, () => Promise<{ payload: string }>> = {
  digits: () => import('#data/digits'),
  engel: () => import('#data/engel'),
  yacht: () => import('#data/yacht'),
  energy: () => import('#data/energy'),
  concrete: () => import('#data/concrete'),
  wineQualityRed: () => import('#data/wine-quality-red'),
  powerPlant: () => import('#data/power-plant'),
  tinyShakespeare: () => import('#data/tiny-shakespeare'),
};

/** The plain text of a data set, unpacked and checked against the table. */
export async function readText(name: DatasetName): Promise<string> {
  const { payload } = await files[name]();
  return unpackPayload(name, payload, datasets[name].sha256);
}
