import type { Dtype } from '@weightloom/checkpoint';

const computed: ReadonlySet<Dtype> = new Set<Dtype>([
  'F64',
  'F32',
  'F16',
  'BF16',
  'F8_E4M3',
  'F8_E5M2',
  'F8_E4M3FNUZ',
  'F8_E5M2FNUZ',
]);

/** Whether methods compute with tensors of this dtype; whole numbers, masks and packed formats are only copied. */
export function isComputed(dtype: Dtype): boolean {
  return computed.has(dtype);
}
