import { memoryTarget } from '@weightloom/checkpoint';
import { mergeCheckpoints } from '@weightloom/merging';

/** Averages safetensors files a visitor picked; no byte leaves the page. */
export async function mergePickedFiles(files: readonly File[]): Promise<Blob> {
  const output = memoryTarget();
  await mergeCheckpoints({ method: 'uniformSoup', models: files, output });
  return new Blob([...output.files.values()]);
}
