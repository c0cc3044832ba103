import { describe, expect, it, vi } from 'vitest';
import { findBrowser } from './support/find-browser.js';

describe('findBrowser', () => {
  it('takes CHROMIUM_PATH when that file exists', () => {
    expect(findBrowser({ CHROMIUM_PATH: process.execPath, PATH: '' })).toBe(process.execPath);
  });

  it('says why there is none, and gives undefined', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(findBrowser({ PATH: '' })).toBeUndefined();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('no Chromium on the PATH'));
    warn.mockRestore();
  });

  it('throws when a browser is required and absent', () => {
    expect(() => findBrowser({ PATH: '', REQUIRE_BROWSER: '1' })).toThrow('REQUIRE_BROWSER=1');
    expect(() => findBrowser({ CHROMIUM_PATH: '/nowhere', REQUIRE_BROWSER: '1' })).toThrow('/nowhere');
  });
});
