// Which folder may import which, and who may use what: the table of docs/architecture.md as data, and a check of
// source texts against it. `test/unit/architecture.test.ts` runs it over the repository.

import { dirname, join } from 'node:path/posix';

export interface Source {
  /** From the top folder, with slashes: `host/link/session.ts`. */
  readonly file: string;
  readonly text: string;
}

export interface Violation {
  readonly file: string;
  /** The imported file or package, or the forbidden name. */
  readonly what: string;
  readonly rule: string;
}

/** Folders and what they may import. A file belongs to the longest folder that it lies in. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  boards: ['protocol'],
  'host/diag': [],
  'host/toolchain': ['host/diag', 'boards'],
  'host/unit': ['host/diag'],
  'host/repl': ['host/unit', 'host/diag'],
  'host/compile': ['host/unit', 'host/toolchain', 'host/wasm', 'host/diag', 'boards'],
  'host/wasm': ['protocol', 'host/diag'],
  'host/elf': ['host/wasm', 'host/diag'],
  'host/link': ['host/elf', 'host/wasm', 'host/diag'],
  'host/wire': ['protocol', 'host/diag'],
  'host/show': ['host/elf', 'host/link', 'protocol', 'host/diag'],
  'host/session': [
    'host/unit',
    'host/toolchain',
    'host/compile',
    'host/wasm',
    'host/elf',
    'host/link',
    'host/wire',
    'host/show',
    'host/diag',
    'protocol',
    'boards',
  ],
  'host/flash': ['host/toolchain', 'host/diag', 'boards'],
  'host/cli': [
    'host/session',
    'host/repl',
    'host/flash',
    'host/toolchain',
    'host/compile',
    'host/wire',
    'host/diag',
    'boards',
  ],
};

/** Scripts and tests: they may import anything, print, and end the process. */
const FREE = ['firmware-stub', 'bench', 'test'];

/** Files that are scripts although their folder is not. */
const SCRIPT_FILE = /^protocol\/generate[^/]*\.ts$/;

/** Names that only some folders may use. */
const NAMES: readonly { readonly name: string; readonly pattern: RegExp; readonly allowed: readonly string[] }[] = [
  { name: 'console', pattern: /(?<![\w.'"`$])console\s*\./, allowed: ['host/cli'] },
  { name: 'process.exit', pattern: /\bprocess\s*\.\s*exit(Code)?\b/, allowed: ['host/cli'] },
  { name: 'process.env', pattern: /\bprocess\s*\.\s*env\b/, allowed: ['host/diag/environment.ts'] },
];

/** The folder of the table that `file` lies in. */
export function folderOf(file: string): string | undefined {
  const folders = [...Object.keys(MAY_IMPORT), ...FREE];
  return folders.filter((folder) => file.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length)[0];
}

/** What a source text imports, as it is written there: `./x.js`, `node:fs`, `serialport`. */
export function importsOf(text: string): string[] {
  const patterns = [
    /(?:^|;)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])([^'"]+)\1/gm,
    /(?:^|;)\s*import\s*(['"])([^'"]+)\1/gm,
    /\b(?:import|require|require\.resolve|import\.meta\.resolve)\s*\(\s*(['"])([^'"]+)\1/g,
  ];
  const code = withoutComments(text);
  return [...new Set(patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[2]!)))];
}

/** All breaches of the rules in these sources. */
export function checkImports(sources: readonly Source[]): Violation[] {
  const violations: Violation[] = [];
  const importers = new Map<string, Map<string, string>>();
  for (const { file, text } of sources) {
    const folder = folderOf(file);
    if (folder === undefined) {
      violations.push({ file, what: file, rule: 'every source file lies in a folder of the table' });
      continue;
    }
    if (FREE.includes(folder)) continue;
    violations.push(...checkNames(file, text));
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('node:')) continue;
      if (specifier.startsWith('.')) violations.push(...checkRelative(file, folder, specifier));
      else remember(importers, packageName(specifier), folder, file);
    }
  }
  for (const [name, folders] of importers) violations.push(...checkPackage(name, folders));
  return violations;
}

/** One line for a person: the two names and the rule. */
export function formatViolation({ file, what, rule }: Violation): string {
  return `${file} → ${what}: ${rule}`;
}

function checkRelative(file: string, folder: string, specifier: string): Violation[] {
  const target = join(dirname(file), specifier).replace(/\.js$/, '.ts');
  const to = folderOf(target);
  if (to === folder || (to !== undefined && MAY_IMPORT[folder]!.includes(to))) return [];
  const allowed = MAY_IMPORT[folder]!;
  const rule = `${folder} may import ${allowed.length === 0 ? 'nothing' : allowed.join(', ')}`;
  return [{ file, what: target, rule }];
}

function checkNames(file: string, text: string): Violation[] {
  if (SCRIPT_FILE.test(file)) return [];
  const code = withoutComments(text);
  return NAMES.filter(
    ({ pattern, allowed }) =>
      pattern.test(code) && !allowed.some((place) => file === place || file.startsWith(`${place}/`)),
  ).map(({ name, allowed }) => ({ file, what: name, rule: `only ${allowed.join(', ')} may use ${name}` }));
}

function checkPackage(name: string, folders: ReadonlyMap<string, string>): Violation[] {
  const [first, ...others] = [...folders].sort(([a], [b]) => a.localeCompare(b));
  return others.map(([, file]) => ({
    file,
    what: `${name} (also in ${first![1]})`,
    rule: 'a package has one importing folder',
  }));
}

function remember(importers: Map<string, Map<string, string>>, name: string, folder: string, file: string): void {
  const folders = importers.get(name) ?? new Map<string, string>();
  if (!folders.has(folder)) folders.set(folder, file);
  importers.set(name, folders);
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

// Comments become blanks; strings stay, so that a `//` inside one is not taken for a comment.
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_whole, quoted: string | undefined) => quoted ?? ' ',
  );
}
