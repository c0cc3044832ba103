import { quantileAggregationFromJSON } from '../aggregation/quantile-aggregation.js';
import { conditionalGaussianNetworkFromJSON } from './conditional-gaussian-network.js';
import { conformalQuantilesFromJSON } from './conformal-quantiles.js';
import { gradientBoostingFromJSON } from './gradient-boosting.js';
import { kernelQuantilesFromJSON } from './kernel-quantiles.js';
import { linearQuantilesFromJSON } from './linear-quantiles.js';
import { multiQuantileNetworkFromJSON } from './multi-quantile-network.js';
import { nearestNeighboursFromJSON } from './nearest-neighbours.js';
import { quantileForestFromJSON } from './quantile-forest.js';
import type { QuantileModel, QuantileModelJSON } from './quantile-model.js';
import { simultaneousQuantileNetworkFromJSON } from './simultaneous-quantile-network.js';

/** How each method's JSON form is read. */
const readers: Readonly<Record<string, (json: QuantileModelJSON) => QuantileModel>> = {
  linear: linearQuantilesFromJSON,
  quantileForest: quantileForestFromJSON,
  gradientBoosting: gradientBoostingFromJSON,
  kernel: kernelQuantilesFromJSON,
  nearestNeighbours: nearestNeighboursFromJSON,
  multiQuantileNetwork: multiQuantileNetworkFromJSON,
  simultaneousQuantileNetwork: simultaneousQuantileNetworkFromJSON,
  aggregation: (json) => quantileAggregationFromJSON(json, quantileModelFromJSON),
  conformal: (json) => conformalQuantilesFromJSON(json, quantileModelFromJSON),
  conditionalGaussianNetwork: conditionalGaussianNetworkFromJSON,
};

/**
 * Brings a model back from its JSON form (parsed, not text); it predicts bit for bit what the original predicts.
 *
 * @throws {TypeError} when it is not such a form, or a field has the wrong kind (named)
 * @throws {RangeError} for an unknown version or method, or parts that do not fit together
 */
export function quantileModelFromJSON(json: unknown): QuantileModel {
  const where = 'quantileModelFromJSON';
  if (
    json === null ||
    typeof json !== 'object' ||
    (json as QuantileModelJSON).format !== 'weightloom-quantile-model'
  )
    throw new TypeError(`${where}: expected an object with format "weightloom-quantile-model"`);
  const model = json as QuantileModelJSON;
  if (model.version !== 1)
    throw new RangeError(`${where}: version is ${String(model.version)}, this release reads version 1`);
  if (!Object.hasOwn(readers, model.method))
    throw new RangeError(
      `${where}: method is ${JSON.stringify(model.method)}, expected one of ${Object.keys(readers).join(', ')}`,
    );
  return readers[model.method]!(model);
}
