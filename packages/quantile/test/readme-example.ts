import {
  calibrateQuantiles,
  gradientBoosting,
  type Matrix,
  quantileRegression,
  scoreQuantiles,
  summarizeQuantileRegression,
} from '@weightloom/quantile';

/** Rows of features with their targets. */
export interface Rows {
  x: Matrix | number[][];
  y: ArrayLike<number>;
}

/** Quantiles of y given x: a plane to read, and boosted trees whose 90% band covers 90% of new rows. */
export function forecast(train: Rows, calibration: Rows, test: Rows) {
  const levels = [0.05, 0.25, 0.5, 0.75, 0.95];

  const planes = quantileRegression(train.x, train.y, { levels }); // exact, with a proof: planes.gap is 0
  const { tables } = summarizeQuantileRegression(planes, train.x, train.y, { method: 'nid' });

  const model = gradientBoosting().fit(train.x, train.y, { levels });
  const calibrated = calibrateQuantiles({
    levels,
    predictions: model.predict(calibration.x),
    y: calibration.y,
  });
  const { quantiles } = calibrated.apply(model.predict(test.x)); // [rows, levels], never crossing

  return {
    summary: tables[2]!,
    saved: JSON.stringify(model),
    scores: scoreQuantiles(test.y, quantiles, levels),
  };
}
