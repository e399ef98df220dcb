// The flags of every compilation. What decides the machine code must be the same for the precompiled header and
// for the inputs; clang refuses the header otherwise.

import { join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { machineFlags } from '../../boards/machine-flags.js';
import { packageRoot } from '../diag/package-root.js';
import { boardMacros } from './board-macros.js';

export interface FlagOptions {
  /** Optimization level: `s` (default), `0`, `2`, … */
  readonly optimize?: string;
  /** Language: `gnu++20` (default). */
  readonly std?: string;
  /** Run-time type information: `dynamic_cast`, `typeid`. */
  readonly rtti?: boolean;
  /** `throw`, `try` and `catch`. */
  readonly exceptions?: boolean;
  /** Further driver flags, such as `-DNAME=1`. */
  readonly extra?: readonly string[];
}

/** Folder of `<barewire.h>`, and of what else compilations read. */
export const RUNTIME = join(packageRoot(), 'host', 'runtime');

/** Driver flags for a board, without input and output.
 *  @param includeDirs system header folders in the order of search */
export function compileFlags(board: BoardRecord, includeDirs: readonly string[], options: FlagOptions = {}): string[] {
  return [
    ...machineFlags(board),
    `-std=${options.std ?? 'gnu++20'}`,
    `-O${options.optimize ?? 's'}`,
    ...LANGUAGE,
    ...(options.exceptions ? ['-fexceptions'] : ['-fno-exceptions']),
    ...(options.rtti ? [] : ['-fno-rtti']),
    ...CODE,
    ...DEFINED,
    ...CHECKS,
    ...(board.arch === 'wasm32' ? DESTROYERS : []),
    ...WARNINGS,
    ...(board.libc === 'wasi' ? EMULATED : []),
    ...boardMacros(board),
    ...(options.extra ?? []),
    // clang from npm finds its own.
    ...(board.libc === 'wasi' ? [] : ['-nostdinc']),
    ...includeDirs.flatMap((dir) => ['-isystem', dir]),
  ];
}

const LANGUAGE = [
  // Statements at file scope.
  '-Xclang',
  '-fincremental-extensions',
  // Templates that the header uses are instantiated there, not again in each input.
  '-fpch-instantiate-templates',
  // One core, no threads: no guards around static locals.
  '-fno-threadsafe-statics',
];

/** A division by a zero that the optimizer sees has no instruction left that could trap, and gives any number: at the
 *  prompt it is told (firmware-stub/support/div0.c). */
const CHECKS = [
  '-fsanitize=integer-divide-by-zero',
  '-fno-sanitize-recover=all',
  '-fsanitize-minimal-runtime',
  `-fsanitize-ignorelist=${join(RUNTIME, 'unchecked-functions.txt')}`,
];

/** What the language leaves undefined, and would cost more than a wrong value: a loop without end that is taken out, an
 *  access through null that is, the end of a function without `return`. In their place would be no code at all, and the
 *  processor runs on into whatever follows. */
const DEFINED = [
  '-fno-finite-loops',
  '-fno-delete-null-pointer-checks',
  '-mllvm',
  '-trap-unreachable',
  '-mllvm',
  '-no-trap-after-noreturn',
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

/** Parts of wasi-libc's that its headers warn of unless one knows that they only have a likeness: `clock`, `getpid`. */
const EMULATED = ['-D_WASI_EMULATED_PROCESS_CLOCKS', '-D_WASI_EMULATED_GETPID'];

/** On WebAssembly clang registers no object to be destroyed later, but a function for each that destroys it, and
 *  host/wasm finds the object in there: the destructor must not be inlined. Functions are not inlined into others whose
 *  sanitizers differ; this one does nothing to code for WebAssembly, and those functions go without it
 *  (unchecked-functions.txt). */
const DESTROYERS = ['-Xclang', '-fsanitize=shadow-call-stack'];

// At a prompt `x;` is a question, not a mistake, and the wrapper around the last expression is not the user's.
const WARNINGS = [
  '-Wno-unused-value',
  '-Wno-undefined-internal',
  '-Wno-unused-function',
  '-Wno-pragma-once-outside-header',
];
