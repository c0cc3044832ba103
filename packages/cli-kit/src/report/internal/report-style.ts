import { chartVariables } from '../../charts/palette.js';

const PAGE = {
  light: '--page: #f6f7f9; --card: var(--wl-surface); --line: #dde1e7; --accent: #0b57d0;',
  dark: '--page: #0f1115; --card: var(--wl-surface); --line: #2b2f37; --accent: #8ab4f8;',
};

/** The style sheet of a report, small and without any outside font. */
export const reportStyle = (): string =>
  `
:root { color-scheme: light dark; ${chartVariables('light')} ${PAGE.light} }
@media (prefers-color-scheme: dark) { :root { ${chartVariables('dark')} ${PAGE.dark} } }
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--wl-ink);
  font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: clamp(1.25rem, 4vw, 3rem) clamp(1rem, 4vw, 2.5rem); }
header { margin-bottom: 2rem; }
h1 { margin: 0; font-size: clamp(1.6rem, 4vw, 2.2rem); line-height: 1.2; letter-spacing: -0.02em; text-wrap: balance; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.25rem; line-height: 1.3; letter-spacing: -0.01em; }
.subtitle { margin: 0.5rem 0 0; color: var(--wl-muted); font-size: 1.05rem; }
p { max-width: 44rem; margin: 0 0 1rem; overflow-wrap: break-word; }
section + section { margin-top: 1.25rem; }
.note { color: var(--wl-muted); font-size: 0.85rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 0.75rem; margin: 0; }
.figures > div, figure, .scroll, pre {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
}
.figures > div { padding: 0.9rem 1.1rem; }
.figures dt { color: var(--wl-muted); font-size: 0.85rem; }
.figures dd { margin: 0; font-size: 1.6rem; font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
.figures dd.note { font-size: 0.85rem; font-weight: 400; }
.scroll, pre { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption { padding: 0.75rem 1rem 0; text-align: left; color: var(--wl-muted); font-size: 0.85rem; }
th, td { padding: 0.5rem 1rem; text-align: left; vertical-align: top; }
th { color: var(--wl-muted); font-size: 0.82rem; font-weight: 600; white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; white-space: nowrap; }
strong { font-weight: 700; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 29rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: 1rem 1.1rem; min-width: 0; }
figcaption { font-weight: 600; }
figure > .note { margin: 0.1rem 0 0; }
.drawing { margin-top: 0.6rem; overflow-x: auto; }
.drawing svg { display: block; width: 100%; min-width: 24rem; max-width: 44rem; height: auto; margin: 0 auto; }
summary { margin-top: 0.6rem; color: var(--wl-muted); font-size: 0.85rem; cursor: pointer; }
details .scroll { margin-top: 0.5rem; max-height: 20rem; overflow-y: auto; border-radius: 6px; }
details table { font-size: 0.82rem; }
details th, details td { padding: 0.25rem 0.75rem; }
details .note { margin: 0.5rem 0 0; }
pre { margin: 0; padding: 0.9rem 1.1rem; font: 0.85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
footer {
  margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line);
  color: var(--wl-muted); font-size: 0.85rem; white-space: pre-line; overflow-wrap: break-word;
}
@media print {
  :root { color-scheme: light; ${chartVariables('light')} ${PAGE.light} --page: #fff; }
  main { max-width: none; padding: 0; }
  figure, .figures > div, tr { break-inside: avoid; }
  details:not([open]) { display: none; }
}`.trim();
