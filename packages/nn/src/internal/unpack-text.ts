/**
 * Base64 of a gzip stream → text, checked against the SHA-256 of the uncompressed bytes where the page has WebCrypto (browsers
 * offer it on https and localhost only); gzip's own checksum is always checked.
 *
 * @throws {Error} when the payload is damaged
 */
export async function unpackText(name: string, payload: string, sha256: string): Promise<string> {
  const damaged = (received: string, cause?: unknown): Error =>
    new Error(`${name}: expected data with SHA-256 ${sha256}, received ${received}; reinstall the package`, {
      cause,
    });
  let bytes: ArrayBuffer;
  try {
    const packed = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    bytes = await new Response(stream).arrayBuffer();
  } catch (cause) {
    throw damaged('something that is no gzip stream in base64', cause);
  }
  if (globalThis.crypto?.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const received = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (received !== sha256) throw damaged(received);
  }
  return new TextDecoder().decode(bytes);
}
