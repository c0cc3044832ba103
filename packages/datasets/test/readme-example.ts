import { loadDigits, shiftDigits } from '@weightloom/datasets';

export async function makeTestSets() {
  const { images, labels } = await loadDigits(); // [1797, 64] in 0..1, and the digits shown
  const shifted = shiftDigits(images, { dx: 1, degrees: 10, contrast: 0.8 }); // the same digits, harder to read
  return { images, shifted, labels };
}
