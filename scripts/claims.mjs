// `npm run claims [-- <package>/<id> ...]`: runs examples for all their seeds and stores the results the site shows.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { install } from './pnpm.mjs';

const wanted = process.argv.slice(2);
const isWanted = ({ package: folder, id }) => wanted.length === 0 || wanted.includes(`${folder}/${id}`);

install();
// Only now: these need what was installed.
const { docsFolder, withSources, workspaceFolder } = await import('../apps/docs/scripts/with-sources.mjs');
const { publicPackages } = await import('../apps/docs/scripts/pages.mjs');
const { format } = await import('prettier');

const versions = { node: process.versions.node };
for (const { folder, name } of publicPackages()) {
  const { version } = JSON.parse(readFileSync(`${workspaceFolder}packages/${folder}/package.json`, 'utf8'));
  versions[name] = version;
}
const machine = {
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  platform: `${process.platform} ${process.arch}`,
};

const faulty = await withSources(async (load) => {
  const { examples } = await load('apps/docs/src/examples.ts');
  const { runExample, defaultSeeds } = await load('apps/docs/src/run-example.ts');
  const { resultFaults } = await load('apps/docs/src/result-faults.ts');
  const chosen = examples.filter(isWanted);
  if (chosen.length === 0) throw new Error(`claims: no example is named ${wanted.join(', ')}`);
  let faultCount = 0;
  for (const { package: folder, id, load: loadExample } of chosen) {
    const example = await loadExample();
    const seeds = example.seeds ?? defaultSeeds;
    const start = performance.now();
    const result = await runExample(example, { seeds });
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    console.log(`${folder}/${id}: ${seeds.length} seeds in ${seconds} s on ${result.backend}`);
    for (const { name, value, unit, holds } of result.checks) {
      console.log(
        `  ${holds ? 'holds         ' : 'not reproduced'}  ${name}: ${value.toPrecision(4)} ${unit}`,
      );
    }
    const faults = resultFaults(result, seeds.length);
    for (const fault of faults) console.error(`  ${fault}`);
    if (faults.length > 0) {
      faultCount += faults.length;
      continue; // a faulty run is not stored
    }
    const date = new Date().toISOString().slice(0, 10);
    mkdirSync(`${docsFolder}claims/${folder}`, { recursive: true });
    const run = { date, seconds, seeds, machine, versions, result };
    const json = await format(JSON.stringify(run), { parser: 'json', printWidth: 110 });
    writeFileSync(`${docsFolder}claims/${folder}/${id}.json`, json);
  }
  return faultCount;
});
if (faulty > 0) process.exitCode = 1;
