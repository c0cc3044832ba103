import { listSome } from './list-some.js';

/** A class, by name or number. */
export type Label = string | number;

/** Which labels a merge keeps: `'all'` of models that must know the same ones, or those `'common'` to all. */
export type KeepLabels = 'all' | 'common';

/**
 * One order of labels for models whose outputs stand for different ones.
 *
 * @returns the labels, and for each model which of its outputs they are
 * @throws {RangeError} for labels that come twice, differ (with `'all'`), or have none in common
 */
export function commonLabels(
  where: string,
  labels: readonly (readonly Label[])[],
  keep: KeepLabels,
): { readonly labels: readonly Label[]; readonly outputs: readonly Int32Array<ArrayBuffer>[] } {
  const places = labels.map((own, i) => placesOf(where, own, i));
  const [first] = labels as [readonly Label[]];
  const common = first.filter((label) => places.every((place) => place.has(label)));
  if (keep === 'all') {
    labels.forEach((own, i) => {
      const missing = first.filter((label) => !places[i]!.has(label));
      const extra = own.filter((label) => !places[0]!.has(label));
      if (missing.length + extra.length === 0) return;
      const received = [
        ...(missing.length > 0 ? [`without ${list(missing)}`] : []),
        ...(extra.length > 0 ? [`with ${list(extra)} besides`] : []),
      ].join(' and ');
      throw new RangeError(
        `${where}: expected the labels of models[0] for models[${i}], received ${own.length} labels ${received}; keep: 'common' keeps those that all models have`,
      );
    });
  }
  if (common.length === 0)
    throw new RangeError(`${where}: expected labels that all models have, received none`);
  return {
    labels: common,
    outputs: places.map((place) => Int32Array.from(common, (label) => place.get(label)!)),
  };
}

function placesOf(where: string, labels: readonly Label[], i: number): ReadonlyMap<Label, number> {
  const places = new Map<Label, number>();
  labels.forEach((label, at) => {
    if (places.has(label)) {
      throw new RangeError(
        `${where}: expected each label once, received ${JSON.stringify(label)} at ${places.get(label)} and ${at} of labels[${i}]`,
      );
    }
    places.set(label, at);
  });
  return places;
}

const list = (labels: readonly Label[]): string => listSome(labels.map(String));
