// The flags of every compilation. What decides the machine code must be the same for the precompiled header and
// for the inputs; clang refuses the header otherwise.

import type { BoardRecord } from '../../boards/board.js';
import { machineFlags } from '../../boards/machine-flags.js';

export interface FlagOptions {
  /** Optimization level: `s` (default), `0`, `2`, … */
  readonly optimize?: string;
  /** Language: `gnu++20` (default). */
  readonly std?: string;
  /** Run-time type information: `dynamic_cast`, `typeid`. */
  readonly rtti?: boolean;
  /** Further driver flags, such as `-DNAME=1`. */
  readonly extra?: readonly string[];
}

/** Driver flags for a board, without input and output.
 *  @param includeDirs system header folders in the order of search */
export function compileFlags(board: BoardRecord, includeDirs: readonly string[], options: FlagOptions = {}): string[] {
  return [
    ...machineFlags(board),
    `-std=${options.std ?? 'gnu++20'}`,
    `-O${options.optimize ?? 's'}`,
    ...LANGUAGE,
    ...(options.rtti ? [] : ['-fno-rtti']),
    ...CODE,
    ...WARNINGS,
    ...(options.extra ?? []),
    '-nostdinc',
    ...includeDirs.flatMap((dir) => ['-isystem', dir]),
  ];
}

const LANGUAGE = [
  // Statements at file scope.
  '-Xclang',
  '-fincremental-extensions',
  // Templates that the header uses are instantiated there, not again in each input.
  '-fpch-instantiate-templates',
  '-fno-exceptions',
  // One core, no threads: no guards around static locals.
  '-fno-threadsafe-statics',
];

const CODE = [
  '-ffunction-sections',
  '-fdata-sections',
  '-fomit-frame-pointer',
  '-fno-addrsig',
  '-fno-ident',
  '-g',
  // Whole types, though libstdc++ promises some of their members elsewhere: values are shown from them.
  '-fstandalone-debug',
  '-fdebug-compilation-dir=.',
];

// At a prompt `x;` is a question, not a mistake, and the wrapper around the last expression is not the user's.
const WARNINGS = [
  '-Wno-unused-value',
  '-Wno-undefined-internal',
  '-Wno-unused-function',
  '-Wno-pragma-once-outside-header',
];
