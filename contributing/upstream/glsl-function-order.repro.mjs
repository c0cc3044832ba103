export const modes = ['webgl2'];

const number = (name, source, count) => ({
  name,
  source,
  settings: { argumentTypes: new Array(count).fill('Number'), returnType: 'Number' },
});

export default async function run(GPU, mode) {
  const functions = [
    number('inner', 'function inner(x) { return x + 1; }', 1),
    number('first', 'function first(x) { return inner(x) * 2; }', 1),
    number('second', 'function second(x) { return first(x) + inner(x); }', 1),
    number('third', 'function third(x) { return second(x) + first(x); }', 1),
  ];
  // The kernel meets `first` and `inner` again after `third` has been read.
  const source =
    'function(a) { return inner(a[this.thread.x]) + first(a[this.thread.x]) + third(a[this.thread.x]); }';
  try {
    const kernel = new GPU({ mode }).createKernel(source, { output: [1], functions });
    const [value] = kernel(new Float32Array([1]));
    return {
      expected: 'a value',
      received: Number.isFinite(value) ? 'a value' : String(value),
    };
  } catch (error) {
    return { expected: 'a value', received: error.message.split('\n')[0] };
  }
}
