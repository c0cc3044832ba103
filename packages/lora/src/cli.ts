#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { runCli } from '@weightloom/cli-kit/node';
import { createLoraProgram } from './cli/create-lora-program.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

void runCli(createLoraProgram(version)).then((code) => {
  process.exitCode = code;
});
