import type { Command } from 'commander';

/**
 * A subcommand beside the merge by a recipe, with the options that all have. A recipe in a file of that name is written
 * `./name`.
 *
 * @param usage - its name and arguments, such as `barrier <a> <b>`
 */
export const addSubcommand = (program: Command, usage: string): Command =>
  program
    .command(usage)
    .option('--json', 'print one JSON document instead of text')
    .option('--quiet', 'show no progress');
