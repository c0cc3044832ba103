import type { Command } from 'commander';
import type { CliIo } from '../io.js';

const running = new WeakMap<Command, CliIo>();

const root = (command: Command): Command => (command.parent ? root(command.parent) : command);

/** Remember what a program writes to while it runs. */
export const setIo = (program: Command, io: CliIo): unknown => running.set(root(program), io);

/** What the program of `command` writes to; the process itself when it was not started by `runCli`. */
export const currentIo = (command: Command): CliIo => running.get(root(command)) ?? process;
