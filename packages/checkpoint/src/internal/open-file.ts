import type { ByteSource } from '../byte-source.js';
import { allocate } from './allocate.js';
import type { HeaderOptions } from './read-entry.js';
import { type Header, PREFIX_BYTES, readHeader, readHeaderLength } from './read-header.js';

/** A safetensors file whose header has been read. */
export interface OpenFile {
  /** Its plain name. */
  readonly name: string;
  readonly source: ByteSource;
  readonly header: Header;
}

/** Reads and checks the header of a file; closes it when it is refused. */
export async function openFile(
  name: string,
  source: ByteSource,
  options: HeaderOptions & { readonly signal?: AbortSignal },
): Promise<OpenFile> {
  try {
    const prefix = new Uint8Array(Math.min(PREFIX_BYTES, source.size));
    await source.readInto(0, prefix, options.signal);
    const json = allocate(
      readHeaderLength(prefix, source.size, source.label),
      source.label,
      'use less memory',
    );
    await source.readInto(PREFIX_BYTES, json, options.signal);
    return { name, source, header: readHeader(json, source.size, source.label, options) };
  } catch (error) {
    await source.close();
    throw error;
  }
}
