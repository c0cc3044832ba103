import { readFileSync } from 'node:fs';

/** Reads one of the fixtures of `test/golden`. */
export function golden<Fixture>(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as Fixture;
}

/** What R quantreg answers for one table. */
interface QuantregTable {
  coefficients: number[][];
  objective: number[];
  intercept_only_objective: number[];
  no_intercept: { tau: number; coefficients: number[] };
  weighted: { tau: number; coefficients: number[]; objective: number; nid: number[][] };
  iid: number[][][];
  nid: number[][][];
  kernel: number[][][];
  rank_iid: number[][][];
  rank_nid: number[][][];
}

/** `golden/quantreg.json`. */
export interface QuantregFixture {
  origin: string;
  taus: number[];
  engel: QuantregTable;
  yacht: QuantregTable;
  concrete: QuantregTable;
  engel_process: { tau: number[]; intercept: number[]; slope: number[] };
  concrete_lasso: { lambda: number; coefficients: number[]; objective: number }[];
  lehmer: { tau: number; coefficients: number[]; objective: number }[];
}

/** `golden/reference.json`. */
export interface ReferenceFixture {
  statsmodels: {
    table: 'engel' | 'concrete';
    tau: number;
    bandwidth_rule: 'hsheather' | 'bofinger';
    standard_errors: number[];
    t: number[];
    p: number[];
    interval: number[][];
    sparsity: number;
    bandwidth: number;
    pseudo_r: number;
    text: string;
  }[];
  penalised: { alpha: number; intercept: number; slopes: number[]; objective: number }[];
  power_plant: { train_rows: number; levels: number[]; boosting: number[]; forest: number[] };
  diebold_mariano: { first: number[]; second: number[] } & Record<
    `${'uniform' | 'bartlett'}_${1 | 3}`,
    number
  >;
  crps_gaussian: { y: number; mean: number; deviation: number; crps: number }[];
  distributions: {
    normal_cdf: [number, number][];
    normal_quantile: [number, number][];
    student_cdf: [number, number, number][];
    student_quantile: [number, number, number][];
  };
}

/** `golden/censored-kernel.json`. */
export interface CensoredKernelFixture {
  random: {
    x: number[];
    y: number[];
    observed: number[];
    portnoy_pivots: { tau: number[]; intercept: number[]; slope: number[] };
  };
  fixed: {
    x: number[][];
    y: number[];
    fits: { tau: number; local_objective: number; global_coefficients: number[]; global_objective: number }[];
  };
  kernel: {
    x: number[];
    y: number[];
    tau: number;
    cost: number;
    gamma: number;
    at: number[];
    prediction: number[];
  };
}

/** Largest difference of two lists, relative where the expected value is above 1 in size. */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(
    ...Array.from(expected, (value, i) => Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))),
  );
}
