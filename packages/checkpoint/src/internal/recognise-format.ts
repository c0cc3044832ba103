import { CheckpointError } from '../checkpoint-error.js';

/** The safe way from a PyTorch archive to safetensors; `weights_only` keeps the pickle from running code. */
export const convertPickle = (file: string): string =>
  'convert it in Python, where weights_only keeps the archive from running code: ' +
  `python -c "import torch, safetensors.torch as s; d = torch.load('${file}', map_location='cpu', weights_only=True); ` +
  `s.save_file({k: v.contiguous().clone() for k, v in d.items()}, 'model.safetensors', {'format': 'pt'})"`;

const formats: readonly {
  readonly start: string;
  readonly name: string;
  readonly cure: (file: string) => string;
}[] = [
  { start: 'PK\x03\x04', name: 'a zip archive, such as PyTorch writes', cure: convertPickle },
  { start: '\x80\x02', name: 'a pickle', cure: convertPickle },
  { start: '\x80\x03', name: 'a pickle', cure: convertPickle },
  { start: '\x80\x04', name: 'a pickle', cure: convertPickle },
  { start: '\x80\x05', name: 'a pickle', cure: convertPickle },
  { start: 'version ', name: 'a Git LFS pointer', cure: () => 'fetch the file itself with `git lfs pull`' },
  { start: 'GGUF', name: 'a GGUF file', cure: () => 'use the safetensors files the model was made from' },
  {
    start: '\x89HDF',
    name: 'an HDF5 file',
    cure: () => 'load it in its framework and save it as safetensors',
  },
  { start: '\x93NUMPY', name: 'a NumPy array', cure: () => 'save it with safetensors.numpy.save_file' },
  { start: '<!DOCTYP', name: 'a web page', cure: () => 'check the address: it did not give the file itself' },
];

/**
 * The refusal for a file of another format, told by its first bytes; `undefined` when they tell nothing.
 *
 * Ask only about files whose safetensors prefix is already wrong: eight bytes of length can look like anything.
 */
export function recogniseFormat(prefix: Uint8Array, where: string): CheckpointError | undefined {
  const text = String.fromCharCode(...prefix.subarray(0, 8));
  const format = formats.find(({ start }) => text.startsWith(start));
  if (!format) return undefined;
  return new CheckpointError({
    code: 'unsupported-format',
    where,
    expected: 'a safetensors file',
    received: format.name,
    cure: format.cure(where),
  });
}
