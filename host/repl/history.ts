// Inputs of earlier sessions, one JSON string a line, oldest first. JSON keeps an input of several lines one
// entry; a single short write in append mode keeps sessions that run at the same time from cutting each other's
// lines. A history that cannot be read or written is a nuisance and no more: every failure here is swallowed
// and told to the debug scope.

import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { debugScope } from '../diag/debug.js';

const trace = debugScope('repl');

/** Entries kept. The file may hold twice as many before it is cut back. */
export const HISTORY_LIMIT = 1000;
/** Inputs longer than this (UTF-16 units) are not worth finding again by the arrow keys. */
const LONGEST_ENTRY = 16 * 1024;
const PRIVATE_FILE = 0o600;
const PRIVATE_DIR = 0o700;

/** Reads the newest `limit` entries, oldest first; cuts the file back if it has grown to twice that. */
export function loadHistory(file: string, limit = HISTORY_LIMIT): string[] {
  return (
    quietly('read', file, () => {
      chmodSync(file, PRIVATE_FILE);
      const entries = parseHistory(readFileSync(file, 'utf8'));
      const kept = entries.slice(-limit);
      if (entries.length > 2 * limit) rewrite(file, kept);
      return kept;
    }) ?? []
  );
}

/** Adds one entry to the end of the file, which is made, private to the user, if it is not there. */
export function appendHistory(file: string, entry: string): void {
  if (entry.length > LONGEST_ENTRY) return;
  quietly('write', file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_DIR });
    const fd = openSync(file, 'a', PRIVATE_FILE);
    try {
      writeSync(fd, `${JSON.stringify(entry)}\n`);
    } finally {
      closeSync(fd);
    }
  });
}

/** Entries of a history file's text. Lines that are no JSON string (a torn write) are skipped. */
export function parseHistory(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry === 'string' && entry.trim() !== '') entries.push(entry);
    } catch {
      trace?.(`history: skipped a line that is no entry: ${line.slice(0, 40)}`);
    }
  }
  return entries;
}

function rewrite(file: string, entries: readonly string[]): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: PRIVATE_FILE });
  renameSync(temporary, file);
}

function quietly<T>(what: string, file: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    trace?.(`history: cannot ${what} ${file}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
