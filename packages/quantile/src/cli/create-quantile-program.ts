import { createProgram } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { addAggregateCommand } from './aggregate-command.js';
import { addCalibrateCommand } from './calibrate-command.js';
import { addFitCommand } from './fit-command.js';
import { addPlotCommand } from './plot-command.js';
import { addPredictCommand } from './predict-command.js';
import { addRankCommand } from './rank-command.js';
import { addScoreCommand } from './score-command.js';

/** The command line of this package. */
export function createQuantileProgram(version: string): Command {
  const program = createProgram({
    name: 'weightloom-quantile',
    description: 'Quantile regression, scores, conformal calibration, aggregation and ranking on CSV files.',
    version,
  });
  addFitCommand(program);
  addPredictCommand(program);
  addScoreCommand(program);
  addCalibrateCommand(program);
  addAggregateCommand(program);
  addRankCommand(program);
  addPlotCommand(program);
  return program;
}
