// Writes the API reference to `api/` (git-ignored), one folder per published package, from the doc comments.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { Application, Converter } from 'typedoc';
import { publicPackages } from './pages.mjs';
import { docsFolder, workspaceFolder } from './with-sources.mjs';

const apiFolder = `${docsFolder}api`;
rmSync(apiFolder, { recursive: true, force: true });

/** Entry points by source file: every export of a package that has a source. */
const entries = new Map(
  publicPackages().flatMap(({ folder }) => {
    const { exports } = JSON.parse(readFileSync(`${workspaceFolder}packages/${folder}/package.json`, 'utf8'));
    return Object.entries(exports).flatMap(([path, target]) => {
      const source = target['@weightloom/source'];
      return source ? [[`packages/${folder}/${source.slice(2)}`, `${folder}${path.slice(1)}`]] : [];
    });
  }),
);

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions & Record<string, unknown>} */
const options = {
  entryPoints: [...entries.keys()].map((path) => workspaceFolder + path).filter((path) => existsSync(path)),
  entryPointStrategy: 'resolve',
  alwaysCreateEntryPointModule: true,
  basePath: workspaceFolder,
  tsconfig: `${docsFolder}tsconfig.api.json`,
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  outputFileStrategy: 'modules', // a page for each function would make thousands
  out: apiFolder,
  docsRoot: docsFolder,
  readme: 'none',
  name: 'API reference',
  skipErrorChecking: true, // `npm run typecheck` finds those
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  githubPages: false,
  logLevel: 'Error',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  useCustomAnchors: true, // headings of one name get the ids that the links to them have
  anchorPrefix: 'api-', // apart from those of other headings
  groupOrder: ['Functions', 'Variables', 'Classes', 'Interfaces', 'Type Aliases', '*'],
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  sidebar: { autoConfiguration: true, collapsed: true, pretty: false },
};
const app = await Application.bootstrapWithPlugins(options);

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  // typedoc names a module by its file: `packages/merging/src/index.ts` is `packages/merging/src`.
  const names = new Map([...entries].map(([path, name]) => [path.replace(/(\/index)?\.ts$/, ''), name]));
  for (const module of project.children ?? []) module.name = names.get(module.name) ?? module.name;
});

const project = await app.convert();
if (!project) throw new Error('api: typedoc could not read the sources');
await app.generateOutputs(project);
if (app.logger.hasErrors()) throw new Error('api: typedoc reported errors');
