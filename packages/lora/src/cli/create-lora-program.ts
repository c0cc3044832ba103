import { createProgram } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { addCombineCommand } from './combine-command.js';
import { addConvertCommand } from './convert-command.js';
import { addDiagnoseCommand } from './diagnose-command.js';
import { addExtractCommand } from './extract-command.js';
import { addInspectCommand } from './inspect-command.js';
import { addMergeCommand } from './merge-command.js';
import { addResizeCommand } from './resize-command.js';

/** The command line `weightloom-lora`. */
export function createLoraProgram(version: string): Command {
  const program = createProgram({
    name: 'weightloom-lora',
    description:
      'Work on LoRA adapters: look at them, merge, combine, extract, convert, resize and diagnose them.',
    version,
  });
  addInspectCommand(program);
  addMergeCommand(program);
  addCombineCommand(program);
  addExtractCommand(program);
  addConvertCommand(program);
  addResizeCommand(program);
  addDiagnoseCommand(program);
  return program;
}
