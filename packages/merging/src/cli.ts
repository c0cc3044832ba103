#!/usr/bin/env node
import { runCli } from '@weightloom/cli-kit/node';
import { mergeProgram } from './cli/merge-program.js';

process.exitCode = await runCli(mergeProgram());
