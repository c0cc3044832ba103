/**
 * What the chart library drew, without its outer element, hover styles and marks for scripts, and with ids that are
 * unique to this chart (the library counts its charts, so its own ids would change from call to call).
 *
 * Shapes that show nothing are left out. Text in the drawing is escaped (`"` becomes `&quot;`), so no pattern here can match inside a label.
 */
export function tidySvg(svg: string, id: string): string {
  return svg
    .replace(/^<svg[^>]*>/, '')
    .replace(/<\/svg>\s*$/, '')
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replace(/(id="|url\(#)zr\d+-/g, `$1${id}-`)
    .replace(/>\s*\n\s*</g, '><')
    .replace(/<(rect|path|line|polygon|polyline|circle)([^>]*)><\/\1>/g, '<$1$2/>')
    .replace(/<(?:rect|path)[^>]*\/>/g, (shape) => (isInvisible(shape) ? '' : shape))
    .trim();
}

/** Areas the library lays out for the mouse: neither filled nor stroked. */
const isInvisible = (shape: string): boolean =>
  /fill="(?:none|transparent)"|fill-opacity="0"/.test(shape) &&
  (!shape.includes(' stroke=') || shape.includes('stroke-width="0"'));
