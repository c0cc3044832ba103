import type { Highs } from 'highs';

/** `max cost · x` with `lower ≤ x ≤ upper` and `rowLower ≤ A x ≤ rowUpper`. */
export interface LinearProgram {
  readonly cost: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** `A` by rows, dense: `[rows, columns]`. */
  readonly matrix: readonly Float64Array[];
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
}

export interface LinearProgramSolution {
  readonly status: 'optimal' | 'infeasible' | 'unbounded';
  readonly x: Float64Array;
  /** How the optimum grows with each active row bound, `[rows]`. */
  readonly rowDuals: Float64Array;
  readonly objective: number;
}

let highs: Promise<Highs> | undefined;

/** Solves a linear program with HiGHS (compiled to WebAssembly, loaded on first use). */
export async function solveLp(where: string, program: LinearProgram): Promise<LinearProgramSolution> {
  highs ??= loadHighs();
  const solver = await highs;
  const { cost, lower, upper, matrix, rowLower, rowUpper } = program;
  const starts = new Int32Array(matrix.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  matrix.forEach((row, i) => {
    row.forEach((value, j) => {
      if (value === 0) return;
      indices.push(j);
      values.push(value);
    });
    starts[i + 1] = indices.length;
  });
  const model = solver.createModel();
  try {
    model.options.set({ output_flag: false, small_matrix_value: 1e-12 });
    model.passModel({
      numCols: cost.length,
      numRows: matrix.length,
      sense: solver.constants.objectiveSense.maximize,
      colCost: cost,
      colLower: lower,
      colUpper: upper,
      rowLower,
      rowUpper,
      matrix: { format: 'csr', numRows: matrix.length, numCols: cost.length, starts, indices, values },
    });
    model.run();
    const code = model.getModelStatus();
    const known = solver.constants.modelStatus;
    if (code === known.infeasible) return none('infeasible');
    if (code === known.unbounded) return none('unbounded');
    if (code !== known.optimal)
      throw new Error(`${where}: the linear program ended with HiGHS model status ${code}`);
    const { colValue, rowDual } = model.getSolution();
    return { status: 'optimal', x: colValue, rowDuals: rowDual, objective: model.getObjectiveValue() };
  } finally {
    model.dispose();
  }
}

function none(status: 'infeasible' | 'unbounded'): LinearProgramSolution {
  return { status, x: new Float64Array(), rowDuals: new Float64Array(), objective: NaN };
}

async function loadHighs(): Promise<Highs> {
  // The package's types describe its CommonJS build; the ES build has the loader as its default export.
  const module = (await import('highs')) as unknown as { default: () => Promise<Highs> };
  return module.default();
}
