// lora: extraction of rank 32 from a 2048 × 2048 update beside torch.svd_lowrank, and a LoRA step beside the full step of the same model.
import { cpus } from 'node:os';
import * as lora from '../packages/lora/dist/index.js';
import * as nn from '../packages/nn/dist/index.js';
import { interleave, report, timed } from './lib/interleave.mjs';
import { startPython } from './lib/python.mjs';
import { t } from './models/ours.mjs';
import { filled, labels } from './models/shapes.mjs';

const only = process.argv[2];
const wants = (name) => !only || name.includes(only);
const python = await startPython('models/torch_svd.py');
console.log(
  `lora: ${cpus()[0].model}, Node ${process.version}, ${python?.version ?? 'no torch'}; 1 thread each; median of 9 interleaved rounds`,
);

if (wants('extract')) {
  const [n, rank] = [2048, 32];
  /** A matrix with known singular values: reflections from both sides of a diagonal. */
  const withSpectrum = (spectrum) => {
    const m = new Float64Array(n * n);
    spectrum.forEach((s, i) => (m[i * n + i] = s));
    for (const seed of [1, 2, 3, 4]) {
      const v = Float64Array.from(filled(n, 1, seed));
      const scale = 2 / v.reduce((sum, x) => sum + x * x, 0);
      const [row, column] = seed % 2 ? [n, 1] : [1, n];
      for (let j = 0; j < n; j++) {
        let dot = 0;
        for (let i = 0; i < n; i++) dot += v[i] * m[i * row + j * column];
        for (let i = 0; i < n; i++) m[i * row + j * column] -= scale * dot * v[i];
      }
    }
    return Float32Array.from(m);
  };
  const spectra = {
    '1 / i': (i) => 1 / (i + 1),
    'exp(-i / 20)': (i) => Math.exp(-i / 20),
    'a step after 24': (i) => (i < 24 ? 1 : 0.1),
  };
  const dict = (values) => ({ 'layer.weight': t.tensor(values, [n, n]) });
  const base = dict(new Float32Array(n * n));
  let tuned;
  console.log(`\nexcess error of rank ${rank} over the optimum, ${n} × ${n}`);
  for (const [name, value] of Object.entries(spectra)) {
    const spectrum = Float64Array.from({ length: n }, (_, i) => value(i));
    const squares = (list) => list.reduce((sum, s) => sum + s * s, 0);
    const best = Math.sqrt(squares(spectrum.subarray(rank)) / squares(spectrum));
    tuned = dict(withSpectrum(spectrum));
    const { layers } = await lora.extractAdapter(base, tuned, { rank });
    console.log(`  ${name.padEnd(18)} ${(100 * (layers[0].error / best - 1)).toFixed(3)} %`);
  }
  report(
    `rank ${rank} of a ${n} × ${n} update, factors and error written (torch: svd_lowrank with q = 64, 4 iterations)`,
    await interleave([
      timed('lora', () => lora.extractAdapter(base, tuned, { rank })),
      ...(python ? [python.contestant('svd')] : []),
    ]),
  );
}

if (wants('step')) {
  const [batch, width] = [64, 512];
  const model = nn.mlp({ sizes: [width, width, width, width, 10] });
  const start = model.init(t.key(0));
  const config = lora.loraConfig({ targetModules: 'all-linear', r: 16, loraAlpha: 16 });
  const adapted = lora.adaptModel(model, { default: config });
  const data = [t.tensor(filled(batch * width, 1, 9), [batch, width]), t.tensor(labels(batch, 10))];
  const stepOf = (what, params, trainable) => {
    const { init, step } = nn.createTrainStep({
      objective: (p, [x, y], ctx) => nn.softmaxCrossEntropy(what.apply(p, x, ctx), y),
      optimizer: nn.adamw({ learningRate: 1e-3 }),
      trainable,
    });
    let state = init(t.copy(params));
    return () => {
      const result = step(state, data);
      state = result.state;
      return result.loss.item();
    };
  };
  const { params } = lora.initLora(start, config, { key: t.key(1) });
  const [low, full] = [
    stepOf(adapted, { ...start, ...params }, adapted.trainable),
    stepOf(model, start, undefined),
  ];
  console.log(`\nfirst losses: LoRA ${low().toFixed(6)}, full ${full().toFixed(6)}`);
  report(
    `AdamW step of an MLP with three layers of width ${width}, batch ${batch}, rank 16 on all linear layers`,
    await interleave([timed('LoRA', low), timed('full', full)]),
  );
}
python?.close();
