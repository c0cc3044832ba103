import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeReport } from '../../src/node/index.js';
import { renderReport } from '../../src/report/index.js';
import { sampleReport } from '../sample-report.js';

describe('writeReport', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'write-report-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes a report, or a page, and leaves nothing beside it', async () => {
    await writeReport(join(folder, 'a.html'), sampleReport);
    await writeReport(join(folder, 'b.html'), '<!doctype html>');
    expect(await readFile(join(folder, 'a.html'), 'utf8')).toBe(renderReport(sampleReport));
    expect(await readFile(join(folder, 'b.html'), 'utf8')).toBe('<!doctype html>');
    expect(await readdir(folder)).toEqual(['a.html', 'b.html']);
  });

  it('replaces a file by another one instead of writing into it, and keeps its mode', async () => {
    const path = join(folder, 'a.html');
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    const before = await stat(path);
    await writeReport(path, 'new');
    const after = await stat(path);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(after.ino).not.toBe(before.ino);
    expect(after.mode).toBe(before.mode);
  });

  it('leaves the old file when the report is not in order', async () => {
    const path = join(folder, 'a.html');
    await writeFile(path, 'old');
    await expect(writeReport(path, { ...sampleReport, sections: [] })).rejects.toThrow('sections is empty');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a.html']);
  });

  it('refuses a folder that does not exist', async () => {
    await expect(writeReport(join(folder, 'no', 'a.html'), 'x')).rejects.toThrow(
      `writeReport: there is no folder "${join(folder, 'no')}"; create it first`,
    );
  });
});
