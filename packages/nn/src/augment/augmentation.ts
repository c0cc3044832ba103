import { foldIn, type Key, type Tensor } from '@weightloom/tensor-gpu';

/** Changes a batch of inputs at random; the same key gives the same change. */
export type Augmentation = (inputs: Tensor, key: Key) => Tensor;

/** Augmentations one after the other, the i-th with `foldIn(key, i)`. */
export const composeAugmentations =
  (...list: readonly Augmentation[]): Augmentation =>
  (inputs, key) =>
    list.reduce((x, augment, i) => augment(x, foldIn(key, i)), inputs);
