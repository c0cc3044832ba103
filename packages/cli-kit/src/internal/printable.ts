/**
 * Text that cannot steer a terminal: control characters, which a file's tensor names may hold, become `�`; line
 * breaks and tabs become one blank.
 */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/\s*[\r\n\t]+\s*/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
