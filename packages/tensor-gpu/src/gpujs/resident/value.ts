import { type DType, type HostArray, hostArray } from '../../tensor/dtype.js';
import { fromFloats, toFloats } from '../float-image.js';
import type { Device, Image } from './device.js';

/**
 * A buffer of a GPU backend: numbers on the host, on the device, or both; `null` in both places before a queued program has
 * filled it. Values of the storage dtypes stay on the host, and kernels get their float32 image.
 */
export class GpuValue {
  readonly dtype: DType;
  readonly length: number;
  host: HostArray | null;
  image: Image | null = null;
  /** For whole numbers on the device: no magnitude is larger. */
  bound = Infinity;
  /** Why the program that should have filled it did not. */
  error: unknown = null;

  constructor(dtype: DType, length: number, host: HostArray | null = null) {
    this.dtype = dtype;
    this.length = length;
    this.host = host;
  }

  /** The float32 image, uploaded at its first use. */
  imageOn(device: Device): Image {
    if (this.image) return this.image;
    if (!this.host && this.length > 0) throw new Error('a value was used before it was computed');
    return (this.image = device.upload(toFloats(this.host ?? hostArray(this.dtype, 0), this.dtype, false)));
  }

  /** The numbers a device gave back, as the host holds them. */
  fromImage(values: Float32Array): HostArray {
    const exact = values.length > this.length ? values.subarray(0, this.length) : values;
    return fromFloats(exact, this.dtype);
  }

  /** Largest magnitude of the whole numbers, or a bound of it. */
  largest(): number {
    if (this.dtype === 'bool') return 1;
    if (this.host && this.bound === Infinity) {
      this.bound = 0;
      for (const v of this.host) this.bound = Math.max(this.bound, Math.abs(v));
    }
    return this.bound;
  }

  release(device: Device): void {
    if (this.image) device.free(this.image);
    this.image = null;
    this.host = null;
  }
}
