// Bundles gpu.js into `dist/gpujs/gpu.chunk.js`, an ES module that Node and browsers load alike, with the licences of what is
// inside. Its native packages (`gl`, `webgpu`) and Node's threads stay out: our kernels run in none of them.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const fromHere = createRequire(import.meta.url);

/** Modules that gpu.js asks for in a try block, or only for threads. */
const absent = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(gl|os|worker_threads)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error('${path} is not part of this bundle');`,
    }));
  },
};

/** Folder of an installed package, seen from another one. */
const folderOf = (name, require) => dirname(require.resolve(`${name}/package.json`));

/** Writes the chunk into a folder. */
export async function bundleGpu(folder) {
  const gpu = folderOf('gpu.js', fromHere);
  const fromGpu = createRequire(join(gpu, 'package.json'));
  const parts = [['gpu.js', gpu], ...['acorn', 'gpu-mock.js'].map((name) => [name, folderOf(name, fromGpu)])];
  const notices = parts.map(([name, at]) => {
    const { version } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
    return `${name} ${version}\n\n${readFileSync(join(at, 'LICENSE'), 'utf8').trim()}`;
  });
  const wiretap = readFileSync(join(gpu, 'src/vendor/gl-wiretap.js'), 'utf8');
  const [, licence] = /ORIGINAL LICENSE\n([\s\S]*?)\*\//.exec(wiretap);
  notices.push(`gl-wiretap 0.6.2, as vendored by gpu.js\n\n${licence.replace(/^ \* ?/gm, '').trim()}`);
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(gpu, 'src/index.js')],
    outfile: join(folder, 'gpu.chunk.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    legalComments: 'inline',
    banner: { js: `/*!\n${notices.join('\n\n---\n\n')}\n*/` },
    plugins: [absent],
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await bundleGpu(fileURLToPath(new URL('../dist/gpujs', import.meta.url)));
