import { Command } from 'commander';

export interface ProgramInfo {
  /** The command as users type it. */
  name: string;
  /** One sentence. */
  description: string;
  /** As in package.json. */
  version: string;
}

/**
 * A commander program with what all our command lines share: `--json` (one JSON document on stdout instead of text),
 * `--quiet` (no progress), `--help`, `--version`. Add subcommands with {@link cliAction} as their action, then hand it
 * to {@link runCli}.
 */
export function createProgram(info: ProgramInfo): Command {
  return new Command(info.name)
    .description(info.description)
    .version(info.version, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .option('--json', 'print one JSON document instead of text')
    .option('--quiet', 'show no progress');
}
