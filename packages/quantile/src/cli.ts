#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { runCli } from '@weightloom/cli-kit/node';
import { createQuantileProgram } from './cli/create-quantile-program.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

void runCli(createQuantileProgram(version)).then((code) => {
  process.exitCode = code;
});
