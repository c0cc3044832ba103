import { AdapterError } from '../adapter-error.js';
import { quote } from './text.js';

/** Escapes that mean the same in both languages, beside punctuation. */
const SHARED_ESCAPES = 'dDsSwWbBnrtfv0123456789';

/**
 * A Python regular expression as a JavaScript one.
 *
 * Translated are named groups and references to them, flags in front (`(?i)`, `(?s)`, `(?m)`), `\A`, `\Z`, comments and a `]`
 * that opens a set. Refused is what JavaScript lacks: verbose mode, flags in the middle, conditionals, possessive
 * quantifiers, atomic groups, `\N{…}` and octal escapes.
 *
 * @param whole - wraps the expression, such as `^(?:…)$` for `re.fullmatch`
 * @throws {AdapterError} naming the part that cannot be translated
 */
export function pythonPattern(pattern: string, where: string, whole: (source: string) => string): RegExp {
  const refuse = (received: string): never => {
    throw new AdapterError({
      where: `${where}: ${quote(pattern)}`,
      expected: 'a regular expression that JavaScript can express',
      received,
      cure: 'list the modules by name instead',
    });
  };
  let flags = 'u';
  let rest = pattern;
  const front = /^\(\?([aiLmsux]+)\)/.exec(rest);
  if (front) {
    for (const flag of front[1]!) {
      if ('ism'.includes(flag)) flags += flag;
      else if (!'au'.includes(flag)) refuse(`the flag (?${flag})`);
    }
    rest = rest.slice(front[0].length);
  }
  const source = translate(rest, refuse);
  try {
    return new RegExp(whole(source), flags);
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : String(cause));
  }
}

function translate(pattern: string, refuse: (received: string) => never): string {
  let out = '';
  let at = 0;
  const take = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at;
    const found = expression.exec(pattern);
    if (found) at += found[0].length;
    return found;
  };
  while (at < pattern.length) {
    let found: RegExpExecArray | null;
    if ((found = take(/\\([\s\S])/y))) out += escaped(found[1]!, false, refuse);
    else if (take(/\[/y)) out += set();
    else if ((found = take(/\(\?P<(\w+)>/y))) out += `(?<${found[1]}>`;
    else if ((found = take(/\(\?P=(\w+)\)/y))) out += `\\k<${found[1]}>`;
    else if (take(/\(\?#[^)]*\)/y)) continue;
    else if ((found = take(/\(\?(?::|=|!|<=|<!)/y))) out += found[0];
    else if ((found = take(/\(\?.{0,3}/y))) refuse(`the group ${found[0]}…`);
    else if ((found = take(/(?:[*+?]|\{\d*,?\d*\})\+/y))) refuse(`the possessive quantifier ${found[0]}`);
    else if ((found = take(/\{(?:\d+,?\d*|,\d+)\}/y))) out += found[0].replace('{,', '{0,');
    else if (take(/[{}]/y)) out += `\\${pattern[at - 1]!}`;
    else if (take(/\]/y)) out += '\\]';
    else if ((found = take(/[\s\S]/y))) out += found[0];
  }
  return out;

  /** The inside of `[…]`, where Python takes a first `]` and any `[` as themselves. */
  function set(): string {
    let inside = take(/\^/y) ? '[^' : '[';
    if (take(/\]/y)) inside += '\\]';
    for (;;) {
      let found: RegExpExecArray | null;
      if (take(/\]/y)) return `${inside}]`;
      if ((found = take(/\\([\s\S])/y))) inside += escaped(found[1]!, true, refuse);
      else if ((found = take(/[[\]{}()|/]/y))) inside += `\\${found[0]}`;
      else if ((found = take(/[\s\S]/y))) inside += found[0];
      else return refuse('a set without an end');
    }
  }
}

function escaped(char: string, inSet: boolean, refuse: (received: string) => never): string {
  if (char === 'A' && !inSet) return '(?<![\\s\\S])';
  if (char === 'Z' && !inSet) return '(?![\\s\\S])';
  if (inSet && char === 'b') return '\\x08';
  if (SHARED_ESCAPES.includes(char)) return `\\${char}`;
  if (/[a-zA-Z]/.test(char)) return refuse(`the escape \\${char}`);
  // With the flag u JavaScript allows only these to be escaped; anything else stands for itself.
  return /[\^$\\.*+?()[\]{}|/]/.test(char) || (inSet && char === '-') ? `\\${char}` : char;
}
