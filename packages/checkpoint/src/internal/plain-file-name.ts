import { CheckpointError } from '../checkpoint-error.js';
import { quote } from './text.js';

/** Characters no file name has on some system: separators, drive letters, streams, control characters. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[/\\:\u0000-\u001f]/;

/** Gives `name` back when it names a file right in its folder, and refuses it when it could lead anywhere else. */
export function plainFileName(name: string, where: string): string {
  const fits = name.length > 0 && name.length <= 255;
  if (fits && name !== '.' && name !== '..' && !FORBIDDEN.test(name)) return name;
  throw new CheckpointError({
    code: 'unsafe-file-name',
    where,
    expected: 'a plain file name, without folders',
    received: quote(name),
  });
}
