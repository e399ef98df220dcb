// A project's compile_commands.json, as CMake, Meson and others write it: of each file's command line the include
// folders, included headers and macros are taken; target and warnings are barewire's own.
// Source: https://clang.llvm.org/docs/JSONCompilationDatabase.html

import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { BarewireError } from '../diag/error.js';

/** Options that are taken. A path follows those that say so, in the same word or the next. */
const TAKEN: readonly { readonly flag: string; readonly isPath: boolean }[] = [
  { flag: '-I', isPath: true },
  { flag: '-isystem', isPath: true },
  { flag: '-iquote', isPath: true },
  { flag: '-idirafter', isPath: true },
  { flag: '-D', isPath: false },
  { flag: '-U', isPath: false },
];

function wrong(file: string, why: string, cause?: unknown): BarewireError {
  return new BarewireError(
    'CLI_COMPILE_COMMANDS',
    `${file} is no compilation database: ${why}; CMake writes one with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON`,
    { file },
    'user',
    cause === undefined ? undefined : { cause },
  );
}

/** Flags for clang that a compilation database brings, each once, in order of appearance.
 *  @throws CLI_COMPILE_COMMANDS when it is missing or malformed */
export function readCompileCommands(file: string): string[] {
  let entries: unknown;
  try {
    entries = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw wrong(file, (cause as Error).message, cause);
  }
  if (!Array.isArray(entries)) throw wrong(file, 'it is not a JSON array');
  const flags = new Set<string>();
  for (const [index, entry] of (entries as Record<string, unknown>[]).entries()) {
    const words = wordsOf(entry);
    if (words === undefined) throw wrong(file, `entry ${index + 1} has neither "arguments" nor "command"`);
    const directory = typeof entry.directory === 'string' ? entry.directory : '.';
    const base = isAbsolute(directory) ? directory : resolve(dirname(resolve(file)), directory);
    for (const flag of takenFlags(words, base)) flags.add(flag);
  }
  return [...flags];
}

function wordsOf(entry: unknown): string[] | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { arguments: list, command } = entry as Record<string, unknown>;
  if (Array.isArray(list)) return list.filter((word) => typeof word === 'string');
  return typeof command === 'string' ? splitCommandLine(command) : undefined;
}

function takenFlags(words: readonly string[], base: string): string[] {
  const flags: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const taken = TAKEN.find(({ flag }) => word.startsWith(flag));
    if (taken === undefined) continue;
    const value = word === taken.flag ? words[++at] : word.slice(taken.flag.length);
    if (value !== undefined) flags.push(`${taken.flag}${taken.isPath ? resolve(base, value) : value}`);
  }
  return flags;
}

/** Splits a command line as a POSIX shell does, without expanding anything. */
export function splitCommandLine(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\' && quote !== "'" && at + 1 < text.length) {
      const next = text[++at]!;
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? char : '') + next;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}
