import { describe, expect, it } from 'vitest';
import * as hubApi from '../src/hub.js';
import * as api from '../src/index.js';
import * as nodeApi from '../src/node/index.js';

describe('the exported names', () => {
  it('of the package are these', () => {
    expect(Object.keys(api).sort()).toEqual([
      'CheckpointError',
      'blobSource',
      'createCheckpointWriter',
      'directorySource',
      'directoryTarget',
      'dtypeBits',
      'dtypes',
      'elementCount',
      'fromFloat32',
      'fromIntegers',
      'httpFolderSource',
      'httpSource',
      'isDtype',
      'memorySource',
      'memoryTarget',
      'openCheckpoint',
      'parseSafetensors',
      'parseShardSize',
      'readAdapter',
      'serializeSafetensors',
      'tensorByteLength',
      'toBigInt64',
      'toFloat32',
      'toInt32',
      'toUint8',
    ]);
  });

  it('of the Node entry are these', () => {
    expect(Object.keys(nodeApi).sort()).toEqual([
      'fileSource',
      'fileTarget',
      'folderSource',
      'folderTarget',
      'loadSafetensors',
      'openCheckpoint',
      'saveSafetensors',
    ]);
  });
});

it('exports hubSource, and nothing else, for the Hub', () => {
  expect(Object.keys(hubApi)).toEqual(['hubSource']);
});

describe('CheckpointError', () => {
  it('is recognised by its mark, also when it comes from another copy of the package', () => {
    const fields = { code: 'closed', where: 'x', expected: 'a', received: 'b', cure: 'c' } as const;
    const error = new api.CheckpointError(fields);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe('x: expected a, received b; c');
    expect(api.CheckpointError.isInstance(error)).toBe(true);
    const copy = Object.assign(new Error('x'), {
      [Symbol.for('weightloom.checkpoint.CheckpointError')]: true,
    });
    expect(api.CheckpointError.isInstance(copy)).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'x', {}])
      expect(api.CheckpointError.isInstance(other)).toBe(false);
  });
});
