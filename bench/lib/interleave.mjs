// Times several contestants in turn, round by round, so that a busy machine hits all alike.

/**
 * @param {{ name: string, run: (repeats: number) => number | Promise<number> }[]} contestants - `run(n)` does the work n
 *   times and returns the seconds it took
 * @param {{ rounds?: number, seconds?: number }} options - each round of a contestant takes about `seconds`
 */
export async function interleave(contestants, { rounds = 9, seconds = 0.2 } = {}) {
  const repeats = [];
  for (const { run } of contestants) {
    await run(1);
    const once = await run(3);
    repeats.push(Math.max(1, Math.round((seconds * 3) / once)));
  }
  const times = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++)
      times[i].push((await contestants[i].run(repeats[i])) / repeats[i]);
  }
  return contestants.map(({ name }, i) => {
    const sorted = [...times[i]].sort((a, b) => a - b);
    return { name, median: sorted[rounds >> 1], best: sorted[0] };
  });
}

/** Wraps a function as a contestant. */
export const timed = (name, work) => ({
  name,
  async run(repeats) {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) {
      const result = work();
      if (result instanceof Promise) await result;
    }
    return (performance.now() - start) / 1000;
  },
});

/** Prints one line a contestant, with the ratio to the first one. */
export function report(title, results, show = (seconds) => `${(seconds * 1000).toFixed(3)} ms`) {
  console.log(`\n${title}`);
  const [first] = results;
  for (const { name, median, best } of results) {
    const ratio =
      name === first.name
        ? ''
        : `   ours / it: ${(first.median / median).toFixed(2)} (best ${(first.best / best).toFixed(2)})`;
    console.log(
      `  ${name.padEnd(18)} median ${show(median).padStart(14)}   best ${show(best).padStart(14)}${ratio}`,
    );
  }
  return results;
}
