import { CheckpointError, type CheckpointErrorCode } from '../checkpoint-error.js';
import type { Metadata } from '../raw-tensor.js';
import { exactInteger, type HeaderEntry, type HeaderOptions, readEntry, readMetadata } from './read-entry.js';
import { readJson } from './read-json.js';
import { recogniseFormat } from './recognise-format.js';
import { compareUtf8, quote } from './text.js';

/** Bytes before the header: its length as a little-endian u64. */
export const PREFIX_BYTES = 8;

/** The format's own limit on the header; nothing larger is ever allocated for one. */
const MAX_HEADER_BYTES = 100_000_000;

/** Tensors per file: the largest public models hold about 150 000 in all their shards together. */
const MAX_TENSORS = 250_000;

export interface Header {
  readonly metadata: Metadata;
  /** By name, in the order of the file. */
  readonly entries: ReadonlyMap<string, HeaderEntry>;
}

/**
 * Length of the header in bytes, checked before anything is allocated for it.
 *
 * @param prefix - the first bytes of the file, up to 8
 * @param fileSize - bytes of the whole file
 */
export function readHeaderLength(prefix: Uint8Array, fileSize: number, where: string): number {
  const fault = (code: CheckpointErrorCode, expected: string, received: string): CheckpointError =>
    recogniseFormat(prefix, where) ?? new CheckpointError({ code, where, expected, received });

  if (fileSize < PREFIX_BYTES) {
    throw fault(
      'header-too-small',
      `a safetensors file of at least ${PREFIX_BYTES} bytes`,
      `${fileSize} bytes`,
    );
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw fault(
      'header-too-large',
      `a safetensors header of at most ${MAX_HEADER_BYTES} bytes`,
      `${length} bytes`,
    );
  }
  if (Number(length) > fileSize - PREFIX_BYTES) {
    throw fault(
      'invalid-header-length',
      `a header inside the file of ${fileSize} bytes`,
      `a header of ${length} bytes`,
    );
  }
  return Number(length);
}

/**
 * Parses and checks the header.
 *
 * @param bytes - the JSON text, without the 8 bytes before it
 * @param fileSize - bytes of the whole file, which must end where the last tensor does
 */
export function readHeader(
  bytes: Uint8Array,
  fileSize: number,
  where: string,
  options: HeaderOptions = {},
): Header {
  checkUtf8(bytes, where);
  if (bytes[bytes.findIndex((byte) => !isJsonSpace(byte))] !== 0x7b) {
    throw new CheckpointError({
      code: 'invalid-header-json',
      where,
      expected: 'a header that is a JSON object',
      received:
        bytes.length === 0 ? 'an empty header' : quote(new TextDecoder().decode(bytes.subarray(0, 40))),
    });
  }
  const json = readJson(bytes, {
    where,
    invalid: 'invalid-header-json',
    parseNumber: exactInteger,
    maxRootKeys: MAX_TENSORS + 1,
  }) as object;
  const dataStart = PREFIX_BYTES + bytes.length;
  const entries: [string, HeaderEntry][] = [];
  let metadata: Metadata = Object.create(null) as Metadata;
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') metadata = readMetadata(value, where);
    else entries.push([name, readEntry(value, dataStart, name, where, options)]);
  }
  entries.sort(([aName, a], [bName, b]) => a.begin - b.begin || a.end - b.end || compareUtf8(aName, bName));
  checkLayout(entries, dataStart, fileSize, where);
  return { metadata, entries: new Map(entries) };
}

/** Tensors must follow each other without holes or overlaps from the end of the header to the end of the file. */
function checkLayout(
  entries: readonly [string, HeaderEntry][],
  dataStart: number,
  fileSize: number,
  file: string,
): void {
  let position = dataStart;
  for (const [name, { begin, end }] of entries) {
    if (begin !== position) {
      throw new CheckpointError({
        code: 'invalid-offset',
        where: `${file}: tensor ${quote(name)}`,
        expected: `data that begins at offset ${position - dataStart}, where the tensor before it ends`,
        received: `${begin - dataStart}`,
      });
    }
    position = end;
  }
  if (position !== fileSize) {
    throw new CheckpointError({
      code: 'incomplete-buffer',
      where: file,
      expected: `${position} bytes, as the header says`,
      received: `${fileSize} bytes`,
    });
  }
}

function checkUtf8(bytes: Uint8Array, where: string): void {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const step = 1 << 20;
  try {
    for (let i = 0; i < bytes.length; i += step)
      decoder.decode(bytes.subarray(i, i + step), { stream: true });
    decoder.decode();
  } catch (cause) {
    throw new CheckpointError({
      code: 'invalid-header-utf8',
      where,
      expected: 'a header in UTF-8',
      received: 'other bytes',
      cause,
    });
  }
}

const isJsonSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
