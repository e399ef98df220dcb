// C library functions that ask an operating system: newlib calls these names for it, and a board has nobody to answer.
// The linker finds them undefined deep in the library; the user is told which function of theirs it was, and where.

import type { BoardRecord } from '../../boards/board.js';
import { BarewireError } from '../diag/error.js';
import { explainLibrary } from './needs-library.js';

/** What each of the C library's system calls is for, and what people call to get there. */
const SYSTEM_CALLS: Readonly<Record<string, { readonly need: string; readonly callers: readonly string[] }>> = {
  _open: {
    need: 'files',
    callers: ['fopen', 'freopen', 'open', 'tmpfile', 'mkstemp', 'fstream', 'ifstream', 'ofstream'],
  },
  _fcntl: { need: 'files', callers: ['fcntl', 'fdopen'] },
  _stat: { need: 'files', callers: ['stat'] },
  _link: { need: 'files', callers: ['rename', 'link'] },
  _unlink: { need: 'files', callers: ['remove', 'unlink'] },
  _mkdir: { need: 'files', callers: ['mkdir'] },
  _fork: { need: 'processes', callers: ['fork', 'popen', 'system'] },
  _wait: { need: 'processes', callers: ['wait', 'pclose', 'system'] },
  _execve: { need: 'processes', callers: ['execve', 'execv', 'execl', 'execlp', 'execvp', 'system', 'popen'] },
};

/** What wasi-libc calls instead, behind a prefix of its own. */
const WASI_PREFIX = '__imported_wasi_snapshot_preview1_';
const WASI_FILES = [
  ...['_open', '_fcntl', '_stat', '_link', '_unlink', '_mkdir'].flatMap((name) => SYSTEM_CALLS[name]!.callers),
  ...['opendir', 'readdir', 'rmdir', 'access', 'truncate', 'ftruncate', 'fstat', 'lseek', 'fsync'],
];
const WASI_SOCKETS = ['accept', 'recv', 'send', 'shutdown', 'socket', 'poll', 'select'];

function systemCall(name: string): { readonly need: string; readonly callers: readonly string[] } | undefined {
  // picolibc calls them without the underscore.
  const known = SYSTEM_CALLS[name] ?? SYSTEM_CALLS[`_${name}`];
  if (known !== undefined || !name.startsWith(WASI_PREFIX)) return known;
  const call = name.slice(WASI_PREFIX.length);
  if (/^(?:fd|path)_/.test(call)) return { need: 'files', callers: WASI_FILES };
  return /^(?:sock|poll)_/.test(call) ? { need: 'sockets', callers: WASI_SOCKETS } : undefined;
}

interface UndefinedSymbol {
  readonly name: string;
}

/** Says in the user's terms what a link lacks, if all it lacks is an operating system; else gives `error` back.
 *  @param input name of the input, `input 3`
 *  @param text what the user typed */
export function explainUndefined(error: unknown, input: string, text: string): unknown {
  if (!(error instanceof BarewireError) || error.code !== 'LINK_UNDEFINED') return error;
  const symbols = error.details.symbols as readonly UndefinedSymbol[];
  const calls = symbols.map(({ name }) => systemCall(name));
  if (symbols.length === 0 || calls.some((call) => call === undefined)) return error;
  const needs = [...new Set(calls.map((call) => call!.need))];
  const callers = new Set(calls.flatMap((call) => call!.callers));
  const lines = text.split(/\r\n|\n|\r/);
  const uses = lines.flatMap((line, index) =>
    [...line.matchAll(/[A-Za-z_]\w*/g)]
      .filter(([word]) => callers.has(word))
      .map(({ 0: word, index: column }) => ({ word, line: index + 1, column: column + 1 })),
  );
  const [first] = uses;
  const what = first === undefined ? 'something it calls' : [...new Set(uses.map(({ word }) => word))].join(', ');
  const where =
    first === undefined
      ? ''
      : `\n${String(first.line).padStart(5)} | ${lines[first.line - 1]}\n      | ${' '.repeat(first.column - 1)}^`;
  return new BarewireError(
    'SESSION_NEEDS_OS',
    `${input}: ${what} needs an operating system with ${needs.join(' and ')}, which a board does not have${where}`,
    { input, uses, systemCalls: symbols.map(({ name }) => name) },
    'user',
    { cause: error },
  );
}

/** Links by `link`.
 *  @throws SESSION_NEEDS_OS, SESSION_NO_LIBRARY, or what `link` throws */
export function explained<T>(input: string, text: string, board: BoardRecord, link: () => T): T {
  try {
    return link();
  } catch (error) {
    throw explainLibrary(explainUndefined(error, input, text), input, board);
  }
}
