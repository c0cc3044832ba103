import { expect, it } from 'vitest';
import { escapeXml } from '../../src/internal/escape-xml.js';

it('escapes the five characters of markup and replaces those XML forbids', () => {
  expect(escapeXml(`<a href="x" title='y'>&amp;`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;',
  );
  expect(escapeXml('a\u0000b\u001bc\td\ne')).toBe('a\ufffdb\ufffdc\td\ne');
});
