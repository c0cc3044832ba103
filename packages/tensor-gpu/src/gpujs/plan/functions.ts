/** A function kernels may call: floats in, a float out. */
interface KernelFunction {
  readonly source: string;
  readonly parameters: number;
  readonly calls: readonly string[];
}

const define = (source: string): readonly [string, KernelFunction] => {
  const [, name, parameters] = /^function (\w+)\(([^)]*)\)/.exec(source)!;
  const calls = new Set(
    [...source.slice(`function ${name}`.length).matchAll(/\b(wl\w+)\(/g)].map((m) => m[1]),
  );
  return [name, { source, parameters: parameters.split(',').length, calls: [...calls] }];
};

/** The largest float32, as kernel source: comparing with it finds infinities in every mode. */
const LARGEST = `(${1 - 2 ** -24} * 1073741824 * 1073741824 * 1073741824 * 1073741824 * 256)`;

const polynomial = (x: string, coefficients: readonly number[]): string =>
  coefficients.slice(1).reduce((text, c) => `(${text} * ${x} + (${c}))`, `(${coefficients[0]})`);

/** 2/π, and 4096 · 2/π modulo 4, in parts of so few bits that products with 12-bit numbers are exact. */
const quarter = 2 / Math.PI;
const cut = (v: number, bits: number): number => Math.floor(v * 2 ** bits) / 2 ** bits;
const C1 = cut(quarter, 11);
const C2 = cut(quarter - C1, 23);
const C3 = quarter - C1 - C2;
// 4096 · 2/π = 2607.594586…; in float64 the product is exact but for the rounding of 2/π itself (2^-54 · 4096).
const K = 4096 * quarter - 4 * Math.floor(1024 * quarter);
const K1 = cut(K, 10);
const K2 = cut(K - K1, 22);
const K3 = K - K1 - K2;

/** Statements that return the logarithm of a variable. */
const logarithm = (x: string): string =>
  `if (${x} > ${LARGEST}) { return ${x}; } if (${x} > 0) { return Math.log(${x}); }` +
  ` if (${x} == 0) { return -wlInfinity(0.5); } return wlNaN(0);`;
const modulo4 = (x: string): string => `${x} - 4 * Math.floor((${x}) * 0.25)`;

/**
 * Functions of the kernels, written so that they hold on every gpu.js backend: no reliance on NaN in comparisons of a value
 * with itself, on the range of a GPU's own exp, log, tanh, sin and cos, or on exact division. The polynomials are those of the
 * wasm core (Cephes, S. Moshier).
 *
 * A function that others call calls none itself: gpu.js writes a callee that it meets again before its own callees, and GLSL wants
 * them first.
 */
const library = new Map<string, KernelFunction>([
  define('function wlNumber(x) { return x; }'),
  define('function wlNaN(x) { return Math.sqrt(-1 - x * x); }'),
  // On GPUs gpu.js writes the literal as the largest float32; a product that overflows is infinite there too.
  define(
    'function wlInfinity(x) { const y = x * 1073741824 * 1073741824 * 1073741824; return y * y * Infinity; }',
  ),
  define('function wlIsNumber(x) { if (x <= 0) { return 1; } if (x >= 0) { return 1; } return 0; }'),
  define(
    'function wlQuotient(n, d) { let q = Math.floor((n + 0.5) / d); const r = n - q * d;' +
      ' if (r < 0) { q = q - 1; } if (r >= d) { q = q + 1; } return q; }',
  ),

  define('function wlFloor(x) { return Math.floor(x); }'),
  define('function wlCeil(x) { return Math.ceil(x); }'),
  define('function wlSign(x) { if (x > 0) { return 1; } if (x < 0) { return -1; } return x; }'),
  define(
    'function wlRound(x) { const f = Math.floor(x); const d = x - f; if (d < 0.5) { return f; } if (d > 0.5) { return f + 1; }' +
      ' if (f - 2 * Math.floor(f * 0.5) == 0) { return f; } return f + 1; }',
  ),
  define('function wlMaximum(x, y) { if (x > y) { return x; } if (y >= x) { return y; } return x + y; }'),
  define('function wlMinimum(x, y) { if (x < y) { return x; } if (y <= x) { return y; } return x + y; }'),
  define('function wlMod(x, y) { return x - y * Math.floor(x / y); }'),

  define(
    `function wlExp(x) { if (x > 88.72284) { return x * ${LARGEST} * Infinity; } if (x < -103.98) { return 0; }` +
      ' if (x <= 88.8) { return Math.exp(x); } return x; }',
  ),
  define(
    `function wlExpm1(x) { if (Math.abs(x) < 0.34) { return x * x * ${polynomial('x', [1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5])} + x; }` +
      ' return wlExp(x) - 1; }',
  ),
  define(`function wlLog(x) { ${logarithm('x')} }`),
  // 2 artanh(x / (2 + x)) near 0
  define(
    'function wlLog1p(x) { if (Math.abs(x) < 0.4) { const s = x / (x + 2); const z = s * s;' +
      ` return 2 * s * ${polynomial('z', [1 / 13, 1 / 11, 1 / 9, 1 / 7, 1 / 5, 1 / 3, 1])}; } const u = x + 1; ${logarithm('u')} }`,
  ),
  define(
    'function wlTanh(x) { const a = Math.abs(x); if (a < 0.625) { const z = x * x;' +
      ` return x + x * z * ${polynomial('z', [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1])}; }` +
      ' const t = 1 - 2 / (wlExp(a + a) + 1); if (x < 0) { return -t; } return t; }',
  ),
  define('function wlSigmoid(x) { return 1 / (1 + wlExp(-x)); }'),
  define(
    'function wlErf(x) { const a = Math.abs(x); const z = x * x; if (a < 1) {' +
      ` return x * ${polynomial('z', [7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2, 1.128358514861418e-1, -3.7612625782233e-1, 1.12837916572671])}; }` +
      ' const q = 1 / a; const y = q * q; let p = ' +
      `${polynomial('y', [-1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786, -1.0152652792027, 4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1])};` +
      ` if (a < 2) { p = ${polynomial('y', [2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1, 6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1, 5.638259427386472e-1])}; }` +
      ' const t = 1 - wlExp(-z) * q * p; if (x < 0) { return -t; } return t; }',
  ),
  define(
    'function wlSine(x, phase) { const v = Math.abs(x);' +
      ` let f = v * ${quarter}; let q = 0; if (v > 0.7853981633974483) {` +
      ' const a = Math.floor(v * 0.000244140625); const b = Math.floor(v - a * 4096); const c = v - a * 4096 - b;' +
      ` const u = a * ${K2}; const w = b * ${C2};` +
      ` const d = a * ${K1}; const e = b * ${C1}; const h = ${modulo4('d')} + (${modulo4('e')}) + Math.floor(u) + Math.floor(w);` +
      ` const s = u - Math.floor(u) + (w - Math.floor(w)) + (a * ${K3} + b * ${C3} + c * ${quarter});` +
      ' q = Math.floor(h + s + 0.5); f = h - q + s; }' +
      ` let r = f * ${Math.PI / 2}; if (r > 0.7854) { r = 0.7854; } if (r < -0.7854) { r = -0.7854; } const z = r * r;` +
      ` const p = q + phase; const k = ${modulo4('p')};` +
      ` let y = r + r * z * ${polynomial('z', [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1])};` +
      ` if (k == 1 || k == 3) { y = 1 - 0.5 * z + z * z * ${polynomial('z', [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2])}; }` +
      ' if (k >= 2) { y = -y; } if (phase == 0 && x < 0) { y = -y; } return y; }',
  ),
  define('function wlSin(x) { return wlSine(x, 0); }'),
  define('function wlCos(x) { return wlSine(x, 1); }'),
  define(
    'function wlPow(x, y) { if (y == 0) { return 1; } if (x == 1) { return 1; } if (wlIsNumber(x) == 0) { return x; }' +
      ` if (wlIsNumber(y) == 0) { return y; } const a = Math.abs(x); if (a == 1) { if (Math.abs(y) > ${LARGEST}) { return 1; } }` +
      ` let p = wlNumber(0); if (a == 0) { if (y < 0) { p = wlInfinity(0.5); } }` +
      ` if (a > ${LARGEST}) { if (y > 0) { p = a; } } if (a > 0) { if (a <= ${LARGEST}) { p = Math.pow(a, y); } }` +
      ` if (x < 0) { if (Math.floor(y) != y) { if (a <= ${LARGEST}) { return wlNaN(0); } }` +
      ' const h = y * 0.5; if (Math.floor(h) != h) { if (Math.floor(y) == y) { return -p; } } } return p; }',
  ),

  ...Object.entries({ Less: '<', LessEqual: '<=', Greater: '>', GreaterEqual: '>=', Equal: '==' }).map(
    ([name, op]) => define(`function wl${name}(x, y) { if (x ${op} y) { return 1; } return 0; }`),
  ),
  define('function wlNotEqual(x, y) { if (x == y) { return 0; } return 1; }'),
  define('function wlAnd(x, y) { if (x != 0) { if (y != 0) { return 1; } } return 0; }'),
  define('function wlOr(x, y) { if (x != 0) { return 1; } if (y != 0) { return 1; } return 0; }'),
  define('function wlNot(x) { if (x == 0) { return 1; } return 0; }'),
  define('function wlTruth(x) { if (x == 0) { return 0; } return 1; }'),
  define('function wlSelect(c, x, y) { if (c != 0) { return x; } return y; }'),
  // Towards zero; NaN gives 0. Values beyond the range of int32 are cut where they are stored.
  define(
    'function wlTrunc(x) { if (x > 0) { return wlMinimum(Math.floor(x), 0.5 * 4294967296); } if (x < 0) {' +
      ' return wlMaximum(Math.ceil(x), -0.5 * 4294967296); } return 0; }',
  ),
  // Does v come before the best so far? The first NaN beats everything.
  define(
    'function wlBeats(v, best) { if (v > best) { return 1; } if (v <= best) { return 0; } return wlIsNumber(best); }',
  ),
  // 1 when x sorts before y, -1 after, 0 when equal; NaN sorts last.
  define(
    'function wlOrder(x, y) { if (x < y) { return 1; } if (x > y) { return -1; } return wlIsNumber(x) - wlIsNumber(y); }',
  ),
]);

/** All functions kernels may call. */
export const functionNames: readonly string[] = [...library.keys()];

/** What gpu.js wants to know of a function. */
export interface FunctionSpec {
  readonly name: string;
  readonly source: string;
  readonly settings: { readonly argumentTypes: readonly string[]; readonly returnType: string };
}

/** The functions a kernel source calls, directly or not. */
export function functionsOf(source: string): FunctionSpec[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const known = library.get(name);
    if (!known || found.has(name)) return;
    known.calls.forEach(visit);
    found.add(name);
  };
  for (const [, name] of source.matchAll(/\b(wl\w+)\(/g)) visit(name);
  return [...found].map((name) => {
    const { source: text, parameters } = library.get(name)!;
    return {
      name,
      source: text,
      settings: { argumentTypes: new Array<string>(parameters).fill('Number'), returnType: 'Number' },
    };
  });
}
