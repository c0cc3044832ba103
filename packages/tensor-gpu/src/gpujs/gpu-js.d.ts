/** gpu.js itself in the repository, the bundled chunk in the published package: see `imports` in package.json. */
declare module '#gpu.js' {
  export const GPU: unknown;
}
