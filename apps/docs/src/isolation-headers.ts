/** With these a page is cross-origin isolated, so that it has SharedArrayBuffer and wasm threads. */
export const isolationHeaders: Record<string, string> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
