// Merging of 4 GB checkpoints: time and memory of `weightloom-merge` and `weightloom-lora merge` beside reading and writing as many bytes, and
// beside numpy. Takes 20 GB of disk and several minutes: node checkpoints/run.mjs [folder] [--scale 0.125] [--rounds 3].
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeAdapter, makeModel } from './make-models.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
});
const [scale, rounds] = [Number(values.scale), Number(values.rounds)];
const own = positionals[0] === undefined;
const folder = positionals[0] ?? mkdtempSync(join(tmpdir(), 'weightloom-checkpoints-'));
mkdirSync(folder, { recursive: true });
const at = (...parts) => join(folder, ...parts);
const cli = (name) => new URL(`../../packages/${name}/dist/cli.js`, import.meta.url).pathname;

const bytes = makeModel(at('a'), 'a', scale);
makeModel(at('b'), 'b', scale);
makeAdapter(at('adapter'), 16, scale);
console.log(
  `checkpoints: ${cpus()[0].model}, Node ${process.version}; two models of ${(bytes / 1e9).toFixed(2)} GB, bfloat16, 4 files each; median of ${rounds} rounds`,
);

const recipe = (name, body) => {
  writeFileSync(at(`${name}.yml`), `merge_method: ${name}\n${body}dtype: bfloat16\n`);
  return at(`${name}.yml`);
};
const models = (parameters) =>
  `models:\n  - model: ${at('a')}\n${parameters}  - model: ${at('b')}\n${parameters}`;
const weighted = models('    parameters: {weight: 0.5}\n');
const recipes = {
  linear: recipe('linear', weighted),
  slerp: recipe('slerp', `${models('')}base_model: ${at('a')}\nparameters: {t: 0.4}\n`),
  ties: recipe(
    'ties',
    `models:\n  - model: ${at('b')}\n    parameters: {weight: 1, density: 0.5}\nbase_model: ${at('a')}\n`,
  ),
};
const inputs = (name) => readdirSync(at(name)).filter((file) => file.endsWith('.safetensors'));
const files = (name) => inputs(name).map((file) => at(name, file));

/** Runs a program; returns seconds and, for Node programs, the peak of resident memory in MB. */
function measure(command, args, output) {
  if (output) rmSync(output, { recursive: true, force: true });
  const env = {
    ...process.env,
    PEAK_FILE: at('peak'),
    NODE_OPTIONS: `--import ${new URL('report-memory.mjs', import.meta.url).href}`,
  };
  rmSync(at('peak'), { force: true });
  const start = performance.now();
  const { status, stderr } = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return { seconds, peak: existsSync(at('peak')) ? Number(readFileSync(at('peak'), 'utf8')) : undefined };
}

const node = (name, args, output) => measure(process.execPath, [cli(name), ...args], output);
const read = (...names) => ['sh', ['-c', `cat ${names.flatMap(files).join(' ')} > /dev/null`]];
const write = () => [
  'dd',
  ['if=/dev/zero', `of=${at('zeros')}`, 'bs=4M', `count=${Math.ceil(bytes / 2 ** 22)}`, 'conv=fsync'],
];
const python = process.env.PYTHON ?? '/usr/bin/python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;
const work = {
  'read both': () => measure(...read('a', 'b')),
  'read one': () => measure(...read('a')),
  'write and fsync': () => measure(...write(), at('zeros')),
  linear: () => node('merging', [recipes.linear, at('linear')], at('linear')),
  slerp: () => node('merging', [recipes.slerp, at('slerp')], at('slerp')),
  ties: () => node('merging', [recipes.ties, at('ties')], at('ties')),
  'rank-16 adapter': () => node('lora', ['merge', at('a'), at('adapter'), '--out', at('lora')], at('lora')),
  ...(hasNumpy && {
    'numpy average': () =>
      measure(
        python,
        [new URL('numpy_average.py', import.meta.url).pathname, at('a'), at('b'), at('numpy')],
        at('numpy'),
      ),
  }),
};
const dropCaches = () =>
  spawnSync('sh', ['-c', 'sync; echo 3 > /proc/sys/vm/drop_caches'], { stdio: 'ignore' }).status === 0;

/** A digest for every tensor of a model. */
function digests(name) {
  const found = {};
  for (const path of files(name)) {
    const file = openSync(path);
    const bytesOf = (length, position) => {
      const buffer = Buffer.alloc(length);
      readSync(file, buffer, 0, length, position);
      return buffer;
    };
    const length = Number(bytesOf(8, 0).readBigUInt64LE());
    for (const [tensor, { data_offsets: span }] of Object.entries(JSON.parse(bytesOf(length, 8)))) {
      if (!span) continue;
      const part = bytesOf(span[1] - span[0], 8 + length + span[0]);
      found[tensor] = createHash('sha256').update(part).digest('hex');
    }
    closeSync(file);
  }
  return found;
}

const floors = ['read both', 'read one', 'write and fsync'];
const names = Object.keys(work).filter((name) => floors.includes(name) || name.includes(values.only));
const kept = ['linear', 'numpy average']; // compared at the end; other outputs make room for the next
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

for (const cold of [false, true]) {
  if (cold && !dropCaches()) {
    console.log('\ncold cache: not measured, the page cache can only be dropped by root');
    break;
  }
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  // All in turn, round by round, as the speed of a disk changes within minutes.
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      spawnSync('sync');
      if (cold) dropCaches();
      else measure(...read('a', 'b'));
      seen[name].push(work[name]());
      if (!kept.includes(name)) {
        for (const output of ['slerp', 'ties', 'lora', 'zeros'])
          rmSync(at(output), { recursive: true, force: true });
      }
    }
  }
  console.log(`\n${cold ? 'cold' : 'warm'} page cache`);
  for (const name of names) {
    const seconds = seen[name].map((run) => run.seconds);
    const reading = seen[name === 'rank-16 adapter' ? 'read one' : 'read both'];
    const ratios = seconds.map((s, i) => s / (reading[i].seconds + seen['write and fsync'][i].seconds));
    const peak = Math.max(...seen[name].map((run) => run.peak ?? 0));
    console.log(
      `  ${name.padEnd(20)} ${median(seconds).toFixed(1).padStart(6)} s` +
        (floors.includes(name)
          ? ''
          : `   to reading + writing: ${median(ratios).toFixed(2)} (best ${Math.min(...ratios).toFixed(2)})`) +
        (peak > 0 ? `   peak ${peak.toFixed(0)} MB` : ''),
    );
  }
}
if (kept.every((name) => names.includes(name))) {
  const [ours, theirs] = [digests('linear'), digests('numpy')];
  const tensors = Object.keys(theirs);
  const same = tensors.length > 0 && tensors.every((tensor) => ours[tensor] === theirs[tensor]);
  console.log(`\n${tensors.length} tensors of our average are ${same ? '' : 'NOT '}the bytes of numpy's`);
}
if (own) rmSync(folder, { recursive: true, force: true });
