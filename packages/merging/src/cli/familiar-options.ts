import type { Command } from 'commander';

/** Flags of mergekit that mean nothing here: there is no graphics card to fill, and weights are always streamed. */
const harmless = [
  ['--cuda', 'cuda'],
  ['--device <name>', 'device'],
  ['--low-cpu-memory', 'lowCpuMemory'],
  ['--clone-tensors', 'cloneTensors'],
  ['--lazy-unpickle', 'lazyUnpickle'],
  ['--safe-serialization', 'safeSerialization'],
  ['--read-to-gpu', 'readToGpu'],
  ['--multi-gpu', 'multiGpu'],
  ['-j, --num-threads <number>', 'numThreads'],
  ['--gpu-rich', 'gpuRich'],
  ['--async-write', 'asyncWrite'],
  ['--write-threads <number>', 'writeThreads'],
  ['--lazy', 'lazy'],
  ['-v, --verbose', 'verbose'],
] as const;

export type FamiliarOptions = Partial<Record<(typeof harmless)[number][1] | 'trustRemoteCode', unknown>>;

/** Accepts the flags that people have in their scripts. */
export function addFamiliarOptions(program: Command): void {
  for (const [flags] of harmless) {
    program.addOption(program.createOption(flags, 'accepted, and without effect').hideHelp());
    const [, name] = /--(\S+)/.exec(flags)!;
    if (!flags.includes('<')) program.addOption(program.createOption(`--no-${name}`).hideHelp());
  }
  program.addOption(program.createOption('--trust-remote-code').hideHelp());
  program.addOption(program.createOption('--no-trust-remote-code').hideHelp());
}

/** Refuses what would be dangerous, or write other files than ours. */
export function refuseFamiliarOptions(program: Command, options: FamiliarOptions): void {
  if (options.trustRemoteCode === true) {
    program.error('--trust-remote-code is refused: code that comes with a model is never run');
  }
  if (options.safeSerialization === false) {
    program.error('--no-safe-serialization is refused: only safetensors files are written');
  }
}

/** Says of each such flag that it was not needed. */
export function familiarNotes(options: FamiliarOptions): string[] {
  return harmless
    .filter(([, key]) => options[key] !== undefined && options[key] !== false && key !== 'verbose')
    .map(([flags]) => `${/--[\w-]+/.exec(flags)![0]} has no effect here`);
}
