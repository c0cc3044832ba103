import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type ScalarTag,
  type YAMLMap,
} from 'yaml';
import { suggestClose } from '../../internal/suggest.js';
import { RecipeError } from '../recipe-error.js';

/** A place in a YAML file: what is there, and how to say where. */
export interface YamlNode {
  readonly node: Node | null;
  /** `file:line:column`. */
  readonly where: string;
  /** The path to it, such as `slices[0].sources[1]`. */
  readonly path: string;
  readonly file: YamlFile;
  readonly document: Document;
}

interface YamlFile {
  readonly label: string;
  readonly lines: LineCounter;
}

/** Comes before the tag of booleans, which would take these letters. */
const letter: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  test: /^[yYnN]$/,
  resolve: (text) => text,
};

/** Most nodes that aliases may be followed through to one another. */
const MAX_ALIASES = 100;

/** Every document of a YAML text. Read as YAML 1.1, as the YAML reader of Python does: there `y` and `n` are text. */
export function readYaml(text: string, label: string): YamlNode[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    version: '1.1',
    uniqueKeys: true,
    customTags: (tags) => [letter, ...tags],
  });
  const file = { label, lines };
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw new RecipeError({
        where: `${label}:${line}:${col}`,
        expected: 'valid YAML',
        received: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
      });
    }
    return place(document.contents as Node | null, '', file, document as Document);
  });
}

function place(found: Node | null, path: string, file: YamlFile, document: Document): YamlNode {
  const position = found?.range ? file.lines.linePos(found.range[0]) : { line: 1, col: 1 };
  const where = `${file.label}:${position.line}:${position.col}`;
  let node = found;
  for (let i = 0; isAlias(node) && i < MAX_ALIASES; i++) {
    const { source } = node;
    node = node.resolve(document) ?? null;
    if (node) continue;
    throw new RecipeError({
      where,
      expected: `an anchor &${source} before, in the same document`,
      received: `*${source} without it`,
    });
  }
  return { node, where, path, file, document };
}

/** An error at a place. */
export function refuse(
  at: YamlNode,
  expected: string,
  received: string = describe(at),
  cure?: string,
): RecipeError {
  const where = at.path === '' ? at.where : `${at.where}: ${at.path}`;
  return new RecipeError({ where, expected, received, cure });
}

/** What is at a place, in a few words. */
export function describe({ node }: YamlNode): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (isScalar(node)) return typeof node.value === 'string' ? JSON.stringify(node.value) : String(node.value);
  return 'nothing';
}

/** Whether there is nothing, or null. */
export const isEmpty = ({ node }: YamlNode): boolean =>
  node === null || (isScalar(node) && (node.value === null || node.value === undefined));

/**
 * The entries of a mapping, merge keys (`<<`) included; null values count as absent.
 *
 * @param known - the keys there may be; another one is refused with the nearest of these
 */
export function readMap<Key extends string>(at: YamlNode, known: readonly Key[]): { [K in Key]?: YamlNode } {
  const entries = readEntries(at);
  const out: { [K in Key]?: YamlNode } = {};
  for (const [name, { key, value }] of entries) {
    if (!(known as readonly string[]).includes(name)) {
      throw refuse(
        key,
        `one of the keys ${known.join(', ')}`,
        JSON.stringify(name),
        suggestClose(name, known),
      );
    }
    if (!isEmpty(value)) out[name as Key] = value;
  }
  return out;
}

/** The entries of a mapping whose keys are names of the user's. */
export function readEntries(at: YamlNode): Map<string, { readonly key: YamlNode; readonly value: YamlNode }> {
  if (!isMap(at.node)) throw refuse(at, 'a mapping');
  const out = new Map<string, { key: YamlNode; value: YamlNode }>();
  collect(at, at.node, out, 0);
  return out;
}

function collect(
  at: YamlNode,
  map: YAMLMap,
  out: Map<string, { key: YamlNode; value: YamlNode }>,
  depth: number,
): void {
  const merged: YamlNode[] = [];
  for (const pair of map.items) {
    const key = place(pair.key as Node, at.path, at.file, at.document);
    const name = keyName(key.node);
    if (name === undefined) throw refuse(key, 'a key that is text');
    const path = at.path === '' ? name : `${at.path}.${name}`;
    const value = place(pair.value as Node | null, path, at.file, at.document);
    if (name === '<<') merged.push(...(isSeq(value.node) ? readList(value) : [value]));
    else out.set(name, { key: { ...key, path }, value });
  }
  for (const source of merged) {
    if (!isMap(source.node) || depth > MAX_ALIASES) throw refuse(source, 'a mapping to merge in');
    const inherited = new Map<string, { key: YamlNode; value: YamlNode }>();
    collect({ ...source, path: at.path }, source.node, inherited, depth + 1);
    for (const [name, entry] of inherited) if (!out.has(name)) out.set(name, entry);
  }
}

/** A key as it is written, be it `1.0`, `yes` or `null`; merge keys are a symbol. */
function keyName(node: Node | null): string | undefined {
  if (!isScalar(node)) return undefined;
  if (typeof node.value === 'symbol') return node.value.description;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

/** The items of a list. */
export function readList(at: YamlNode): YamlNode[] {
  if (!isSeq(at.node)) throw refuse(at, 'a list');
  return at.node.items.map((item, i) => place(item as Node, `${at.path}[${i}]`, at.file, at.document));
}

export const isList = ({ node }: YamlNode): boolean => isSeq(node);
export const isMapping = ({ node }: YamlNode): boolean => isMap(node);

/** A number, boolean or text. */
export function readScalar(at: YamlNode): number | boolean | string {
  const value = isScalar(at.node) ? at.node.value : undefined;
  if (typeof value === 'number' && !Number.isFinite(value))
    throw refuse(at, 'a finite number', String(value));
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value;
  throw refuse(at, 'a number, text, true or false');
}

/** As {@link readScalar}, and numbers in quotes are numbers. */
export function readSetting(at: YamlNode): number | boolean | string {
  const value = readScalar(at);
  const isNumeral = typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value);
  return isNumeral && Number.isFinite(Number(value)) ? Number(value) : value;
}

/** Text; numbers are taken as they are written. */
export function readText(at: YamlNode): string {
  if (isScalar(at.node)) {
    if (typeof at.node.value === 'string') return at.node.value;
    if (typeof at.node.value === 'number' && at.node.source) return at.node.source;
  }
  throw refuse(at, 'text');
}

/** A whole number of at least `low`, also in quotes. */
export function readWhole(at: YamlNode, low = 0): number {
  const found = isScalar(at.node) ? at.node.value : undefined;
  const value = typeof found === 'string' && /^\d{1,15}$/.test(found) ? Number(found) : found;
  if (Number.isSafeInteger(value) && (value as number) >= low) return value as number;
  throw refuse(at, `a whole number of at least ${low}`);
}

export function readBoolean(at: YamlNode): boolean {
  if (isScalar(at.node) && typeof at.node.value === 'boolean') return at.node.value;
  throw refuse(at, 'true or false');
}
