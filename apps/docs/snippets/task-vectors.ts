import { mergeCheckpoints } from '@weightloom/merging/node';

/** Adds to a base what two or more of its fine-tunes agree on. */
export async function combineSkills(base: string, skills: readonly string[], output: string): Promise<void> {
  await mergeCheckpoints({
    method: 'tiesMerge',
    base,
    models: skills,
    parameters: { density: 0.5 },
    output,
  });
}
