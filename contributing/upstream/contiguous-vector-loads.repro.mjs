export const modes = ['webasm'];

/** How often a sequence of bytes stands in others. */
const count = (bytes, ...wanted) => {
  let found = 0;
  for (let i = 0; i + wanted.length <= bytes.length; i++)
    if (wanted.every((b, k) => bytes[i + k] === b)) found++;
  return found;
};

/** Which loads the vector code of `a[i] + b[i]` has: `v128.load` is 0xfd 0x00, `f32.load` is 0x2a with an alignment of at most 2. */
export default async function run(GPU, mode) {
  const { Module } = WebAssembly;
  let bytes = new Uint8Array();
  WebAssembly.Module = function (source) {
    bytes = new Uint8Array(source);
    return new Module(source);
  };
  try {
    const kernel = new GPU({ mode }).createKernel(
      'function(a, b) { return a[this.thread.x] + b[this.thread.x]; }',
      { output: [1024] },
    );
    kernel(new Float32Array(1024), new Float32Array(1024));
  } finally {
    WebAssembly.Module = Module;
  }
  const wide = count(bytes, 0xfd, 0x00);
  const narrow = count(bytes, 0x2a, 0x02) + count(bytes, 0x2a, 0x00);
  return {
    expected: 'a vector load for each argument',
    received: wide >= 2 ? 'a vector load for each argument' : `${wide} vector loads, ${narrow} scalar ones`,
  };
}
