import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { docsFolder, withSources, workspaceFolder } from './with-sources.mjs';

/**
 * @typedef {{ folder: string, name: string, description: string, readme: string | undefined }} PublicPackage
 */

/**
 * The packages that are published, in the order of their names.
 *
 * @returns {PublicPackage[]}
 */
export function publicPackages() {
  const folders = readdirSync(`${workspaceFolder}packages`).sort();
  return folders.flatMap((folder) => {
    const path = `${workspaceFolder}packages/${folder}/`;
    const { name, description, private: isPrivate } = JSON.parse(readFileSync(`${path}package.json`, 'utf8'));
    if (isPrivate) return [];
    const readme = existsSync(`${path}README.md`) ? readFileSync(`${path}README.md`, 'utf8') : undefined;
    return [{ folder, name, description, readme }];
  });
}

/**
 * What `load` gives; a build, which asks from several places that share no module, is given the same again. Loading the sources
 * takes seconds, and while bundling keeps the thread busy it would not get on.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} load
 * @returns {Promise<T>}
 */
function once(name, load) {
  if (!process.argv.includes('build')) return load();
  const known = /** @type {Record<symbol, Promise<T> | undefined>} */ (/** @type {unknown} */ (globalThis));
  return (known[Symbol.for(`weightloom.docs.${name}`)] ??= load());
}

/**
 * What the page of an example shows before anybody presses Run.
 *
 * @returns {Promise<{ package: string, id: string, paper: import('../src/example.js').Paper, claim: string,
 *   committed?: import('../src/committed-run.js').CommittedRun,
 *   committedCharts?: import('../src/draw-chart.js').DrawnChart[] }[]>}
 */
export const examplePages = () => once('examples', loadExamplePages);

const loadExamplePages = () =>
  withSources(async (load) => {
    const { examples } = await load('apps/docs/src/examples.ts');
    const { drawChart } = await load('apps/docs/src/draw-chart.ts');
    const pages = [];
    for (const { package: folder, id, load: loadExample } of examples) {
      const { paper, claim } = await loadExample();
      const path = `${docsFolder}claims/${folder}/${id}.json`;
      const committed = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
      const committedCharts = committed?.result.charts.map(drawChart);
      pages.push({ package: folder, id, paper, claim, committed, committedCharts });
    }
    return pages;
  });

/**
 * @typedef {{ package: string, id: string, title: string, functions: readonly string[], byline: string | undefined,
 *   verdict: string | undefined }} PaperRow
 * `byline` and `verdict` are undefined for a paper without an example
 */

/** @param {import('../src/committed-run.js').CommittedRun | undefined} committed */
function verdict(committed) {
  if (!committed) return 'not run yet';
  const { checks } = committed.result;
  const held = checks.filter(({ holds }) => holds).length;
  return held === checks.length ? 'holds' : `${held} of ${checks.length} checks hold`;
}

/**
 * The table of papers, from the `papers` tables of the packages and from the examples.
 *
 * @returns {Promise<PaperRow[]>}
 */
async function paperRows() {
  const pages = await examplePages();
  const tables = await withSources((load) =>
    Promise.all(
      publicPackages().map(async ({ folder }) => {
        const { papers = {} } = await load(`packages/${folder}/src/index.ts`);
        return { folder, papers };
      }),
    ),
  );
  /** @type {Map<string, PaperRow>} */
  const rows = new Map();
  for (const { folder, papers } of tables) {
    for (const [id, { title, methods, functions = methods }] of Object.entries(papers)) {
      rows.set(`${folder}/${id}`, {
        package: folder,
        id,
        title,
        functions,
        byline: undefined,
        verdict: undefined,
      });
    }
  }
  for (const { package: folder, id, paper, committed } of pages) {
    const { title, functions } = rows.get(`${folder}/${id}`) ?? { title: paper.title, functions: [] };
    const byline = `${paper.authors}, ${paper.venue}`;
    rows.set(`${folder}/${id}`, {
      package: folder,
      id,
      title,
      functions,
      byline,
      verdict: verdict(committed),
    });
  }
  return [...rows.values()].sort(
    (a, b) => a.package.localeCompare(b.package) || a.title.localeCompare(b.title),
  );
}

/**
 * The same by package, with what each package is for.
 *
 * @returns {Promise<{ package: string, description: string, papers: PaperRow[] }[]>}
 */
export const paperGroups = () => once('papers', loadPaperGroups);

async function loadPaperGroups() {
  const rows = await paperRows();
  return publicPackages().flatMap(({ folder, description }) => {
    const papers = rows.filter((row) => row.package === folder);
    return papers.length > 0 ? [{ package: folder, description, papers }] : [];
  });
}
