/** Writes `gpu.chunk.js` into a folder. */
export function bundleGpu(folder: string): Promise<void>;
