import { mergeCheckpoints } from '@weightloom/merging/node';

/** Averages fine-tunes of one model, files in and file out. */
export async function averageFiles(files: readonly string[], output: string): Promise<void> {
  await mergeCheckpoints({ method: 'uniformSoup', models: files, output });
}
