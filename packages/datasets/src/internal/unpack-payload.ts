/**
 * Base64 of a gzip stream → text, checked against the SHA-256 of the uncompressed bytes.
 *
 * @throws {Error} when the payload is not base64 of a whole gzip stream, when the checksum differs, or when the
 * page has no WebCrypto (browsers offer it on https and localhost only)
 */
export async function unpackPayload(name: string, payload: string, sha256: string): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new Error(
      `datasets: cannot check "${name}", crypto.subtle is missing; open the page over https or from localhost`,
    );
  }
  const bytes = await gunzip(name, payload);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const received = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (received !== sha256) {
    throw new Error(
      `datasets: "${name}" is damaged, expected SHA-256 ${sha256}, received ${received}; reinstall the package`,
    );
  }
  return new TextDecoder().decode(bytes);
}

async function gunzip(name: string, payload: string): Promise<ArrayBuffer> {
  try {
    const packed = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return await new Response(stream).arrayBuffer();
  } catch (cause) {
    throw new Error(
      `datasets: "${name}" is damaged, its data file does not hold a gzip stream in base64; reinstall the package`,
      { cause },
    );
  }
}
