import { argmax, dispose, ShapeError, type Tensor } from '@weightloom/tensor-gpu';

/** Right or wrong, for the first parent, the second, and the merged model. */
export type OutcomeCell = `${'True' | 'False'}${'True' | 'False'}${'True' | 'False'}`;

/**
 * How right and wrong answers of two models and their merge fall together: the share of examples in each of eight cells.
 *
 * `FalseFalseTrue` is the share that both parents get wrong and the merge gets right: what averaging gains beyond choosing
 * between them.
 *
 * @param logits - outputs `[n, classes]` of the first model, the second, and the merge
 * @param targets - int32 labels `[n]`, n ≥ 1
 * @returns shares that sum to 1
 * @throws {ShapeError} when shapes do not fit
 * @see Lin et al. 2024, "Spurious Feature Diversification Improves Out-of-distribution Generalization", arXiv:2309.17230
 */
export async function outcomeCells(
  logits: readonly [first: Tensor, second: Tensor, merged: Tensor],
  targets: Tensor,
): Promise<Record<OutcomeCell, number>> {
  const [count] = targets.shape;
  for (const [i, { shape }] of logits.entries()) {
    if (targets.rank !== 1 || shape.length !== 2 || shape[0] !== count || count === 0) {
      throw new ShapeError({
        where: 'outcomeCells',
        expected: 'logits [n, classes] and labels [n] with the same n ≥ 1',
        received: `[${shape.join(', ')}] as logits[${i}] and [${targets.shape.join(', ')}]`,
      });
    }
  }
  const truth = await targets.data();
  const right: boolean[][] = [];
  for (const outputs of logits) {
    const answers = argmax(outputs, 1);
    const list = await answers.data();
    right.push(Array.from(list, (answer, i) => answer === truth[i]));
    dispose(answers);
  }
  const word = (value: boolean): 'True' | 'False' => (value ? 'True' : 'False');
  const both = [true, false];
  const cells = both.flatMap((a) =>
    both.flatMap((b) => both.map((c): OutcomeCell => `${word(a)}${word(b)}${word(c)}`)),
  );
  const shares = Object.fromEntries(cells.map((cell) => [cell, 0])) as Record<OutcomeCell, number>;
  for (let i = 0; i < count!; i++) {
    shares[`${word(right[0]![i]!)}${word(right[1]![i]!)}${word(right[2]![i]!)}`] += 1 / count!;
  }
  return shares;
}
