import { foldIn, type Key, type Tensor } from '@weightloom/tensor-gpu';

/** Changes a batch of inputs at random; the same key gives the same change. */
export type Augmentation = (inputs: Tensor, key: Key) => Tensor;

/** Augmentations one after the other, each with a key of its own. */
export const composeAugmentations =
  (...list: readonly Augmentation[]): Augmentation =>
  (inputs, key) =>
    list.reduce((x, augment, i) => augment(x, foldIn(key, i)), inputs);
