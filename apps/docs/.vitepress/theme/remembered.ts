/** What the reader, or a trial, chose before in this browser. */
export function recall<Value>(name: string): Value | undefined {
  try {
    const stored = localStorage.getItem(`weightloom:${name}`);
    return stored === null ? undefined : (JSON.parse(stored) as Value);
  } catch {
    return undefined; // storage is off, or holds something else
  }
}

/** Keeps it for the next time. */
export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`weightloom:${name}`, JSON.stringify(value));
  } catch {
    // Storage is off or full: it is asked again next time.
  }
}
