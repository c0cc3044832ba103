// tensor-gpu on webgpu beside itself on wasm, jax-js and tfjs-webgpu, in one page on one GPU: products and training steps.
// node gpu/run.mjs [--software] [--headed]; CHROMIUM_PATH names the browser.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report } from '../lib/interleave.mjs';

const { values: options } = parseArgs({
  options: {
    software: { type: 'boolean', default: false },
    headed: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`node gpu/run.mjs [--software] [--headed]

Measures products and training steps on the GPU of this machine in Chromium (CHROMIUM_PATH, or the one on the PATH).

  --software  run on a software adapter too, with tiny shapes: shows that it works, the figures mean nothing
  --headed    show the browser; some drivers offer no GPU to a headless one`);
  process.exit(0);
}
const fail = (message) => {
  console.error(`bench gpu: ${message}`);
  process.exit(1);
};

const root = fileURLToPath(new URL('../..', import.meta.url));
if (!existsSync(`${root}packages/tensor-gpu/dist/index.js`))
  fail('expected a built tensor-gpu; run `npm run build` first');
const { chromium } = createRequire(`${root}package.json`)('playwright-core');
const { build } = createRequire(`${root}packages/tensor-gpu/package.json`)('esbuild');
const executablePath =
  process.env.CHROMIUM_PATH ??
  process.env.PATH.split(':')
    .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
    .find(existsSync);
if (!executablePath) fail('expected a Chromium on the PATH, or CHROMIUM_PATH');

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('page.mjs', import.meta.url))],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  logLevel: 'error',
});
const server = createServer((request, response) => {
  const isScript = request.url.endsWith('.js');
  response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
  response.end(
    isScript
      ? outputFiles[0].text
      : '<!doctype html><meta charset="utf-8"><script type="module" src="run.js"></script>',
  );
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath,
  headless: !options.headed,
  args: [
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    ...(options.software
      ? ['--use-webgpu-adapter=swiftshader']
      : ['--enable-features=Vulkan', '--ignore-gpu-blocklist']),
  ],
});
const close = async () => {
  await browser.close();
  server.close();
};
const page = await browser.newPage();
page.on('pageerror', (error) => console.error(`page: ${error.message}`));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForFunction('typeof gpuBench !== "undefined"');
const call = (name, ...args) => page.evaluate(`gpuBench.${name}(...${JSON.stringify(args)})`);

const adapter = await call('describe');
if (!adapter) {
  await close();
  fail('this browser has no WebGPU adapter; --headed may help, --software runs without a GPU');
}
const text = Object.values(adapter)
  .filter((v) => typeof v === 'string' && v !== '')
  .join(' ');
const isSoftware = adapter.isFallback || /swiftshader|llvmpipe|lavapipe|basic render/i.test(text);
if (isSoftware && !options.software) {
  await close();
  fail(
    `the adapter (${text}) is software: its figures would mean nothing. --software runs it all the same, to see that it works`,
  );
}

const small = isSoftware;
const warning = small ? ' [software adapter, tiny shapes: these figures mean nothing]' : '';
console.log(
  `${text}; Chromium ${browser.version()}; jax-js 0.1.25, tfjs-webgpu 4.22.0; median of interleaved rounds${warning}`,
);
const { gflops, gigabytes } = await call('start', small);
console.log(
  `ceiling: ${gflops.toFixed(1)} GFLOP/s of multiply-adds in registers, ${gigabytes.toFixed(1)} GB/s of a copy${warning}`,
);
const rounds = small ? { rounds: 1, seconds: 0 } : { rounds: 9, seconds: 0.3 };

for (const n of small ? [48, 64] : [1024, 4096]) {
  const rate = (seconds) => {
    const speed = (2 * n ** 3) / seconds / 1e9;
    return `${speed.toFixed(1)} GFLOP/s (${((100 * speed) / gflops).toFixed(0)} % of the ceiling)`;
  };
  report(
    `product ${n}³${warning}`,
    await call('product', n, n > 2000 ? { ...rounds, rounds: 5 } : rounds),
    rate,
  );
}
for (const name of ['mlp-small', 'mlp-large', 'gpt-tiny']) {
  const found = await call('losses', name);
  const values = Object.values(found);
  const line = Object.entries(found)
    .map(([engine, loss]) => `${engine} ${loss.toFixed(5)}`)
    .join(', ');
  console.log(`\n${name}: loss after two steps: ${line}`);
  if (Math.max(...values) - Math.min(...values) > 1e-3) {
    await close();
    fail(`${name}: the engines do not train the same model`);
  }
  report(`${name}, one training step${warning}`, await call('steps', name, rounds));
}
await close();
