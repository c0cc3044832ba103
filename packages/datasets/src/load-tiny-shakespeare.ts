import { datasets } from './datasets.js';
import { readText } from './internal/read-text.js';

/** 1,115,394 characters (ASCII, 65 distinct) of Shakespeare's plays. */
export interface TinyShakespeare {
  text: string;
  source: string;
  licence: string;
}

/**
 * Load the text that small character-level language models are usually tried on.
 *
 * @throws {Error} when the carried data is damaged
 */
export async function loadTinyShakespeare(): Promise<TinyShakespeare> {
  const { source, licence } = datasets.tinyShakespeare;
  return { text: await readText('tinyShakespeare'), source, licence };
}
