import { examplePages } from '../../scripts/pages.mjs';

/** One page for each example; what the live part needs travels in the page's parameters. */
export default {
  async paths() {
    const pages = await examplePages();
    return pages.map(({ paper, claim, ...example }) => ({
      params: example,
      content: `# ${paper.title}

${paper.authors}, ${paper.venue} · [the paper](${paper.url}) · [all papers](/papers/) {.byline}

::: info The claim, at this scale
${claim}
:::

## Evidence

<LiveExample />

## The example

This is the code the page, the tests and the committed run execute. It uses the
[${example.package}](/guide/${example.package}) package.

<<< @/examples/${example.package}/${example.id}.ts#main

::: details The whole file, with the paper, the claim and the checks
<<< @/examples/${example.package}/${example.id}.ts
:::
`,
    }));
  },
};
