import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';

/** A list of names separated by commas. */
export const nameList = (text: string): string[] => text.split(',').map((name) => name.trim());

/** A list of numbers separated by commas. */
export const numberList = (text: string): number[] => text.split(',').map(oneNumber);

/** One number. */
export function oneNumber(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError(`"${text}" is not a number.`);
  return value;
}

/** One whole number of at least 0. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a whole number.`);
  return Number(text);
}

/** Refuses an option that belongs to other methods than the chosen one; `own` lists the options of each. */
export function refuseStray<Options extends { readonly method: string }>(
  options: Options,
  own: Readonly<Record<string, readonly (keyof Options & string)[]>>,
): void {
  const stray = Object.values(own)
    .flat()
    .find((name) => options[name] !== undefined && !own[options.method]!.includes(name));
  if (stray === undefined) return;
  const flag = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new Error(`--${flag} is no option of method ${options.method}`);
}

/** Adds `--missing`. */
export const withMissing = (command: Command): Command =>
  command.addOption(
    new Option(
      '--missing <policy>',
      'rows with a missing cell (empty, NA, NaN, null): refuse the file, or drop the row',
    )
      .choices(['refuse', 'drop'])
      .default('refuse'),
  );
