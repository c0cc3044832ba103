/** A typed array's constructor. */
interface ViewConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** `bytes` seen as `View`; copied first when they do not start at a multiple of its element size. */
export function alignedView<T>(View: ViewConstructor<T>, bytes: Uint8Array): T {
  const size = View.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new View(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}
