// What a compiler has to be able to do, whether it is a process of its own or WebAssembly in a thread.

import { PRELUDE_NAME } from '../unit/declared-at.js';
import type { ClangResult } from './run-clang.js';

/** How text gets into a compiler that has already read all that stands before it. */
export type Feed = 'fifo' | 'stdin' | 'thread';

/** A compilation that has begun, and waits for the input; good for one. */
export interface Waiting {
  /** All declarations it knows. */
  readonly prelude: string;
  /** Ended without having been asked. */
  readonly dead: boolean;
  /** Settles when it has ended and its slot is free again. */
  readonly gone: Promise<void>;
  /** Hands over the input and waits for the end.
   *  @throws COMPILE_TIMEOUT, COMPILE_CRASHED */
  compile(source: string, timeoutMs: number): Promise<ClangResult>;
  kill(): void;
}

/** A precompiled header, behind which inputs are compiled. */
export interface Header {
  /** Compiles from the beginning.
   *  @throws COMPILE_TIMEOUT, COMPILE_CRASHED */
  compile(mainText: string, timeoutMs: number): Promise<ClangResult>;
  /** Begins a compilation behind `tail`, those of the declarations `prelude` that the header does not hold.
   *  @param slot of two; what waited in it before must be gone */
  wait(prelude: string, tail: string, slot: 0 | 1): Waiting;
  /** The same header with these declarations behind it.
   *  @throws COMPILE_PREFIX, COMPILE_CACHE */
  extended(declarations: string): Promise<Header>;
  /** The same header, made anew: the stored one was refused.
   *  @throws COMPILE_PREFIX, COMPILE_CACHE */
  rebuilt(): Promise<Header>;
  /** It is not used any more. */
  discard(): void;
}

/** A compiler, ready to compile for a board. */
export interface Backend {
  /** For messages: a path, `@yowasp/clang 22.0.0`. */
  readonly name: string;
  readonly feed: Feed | 'none';
  readonly header: Header;
  /** The ELF object in what a compilation gave. */
  objectOf(output: Uint8Array): Uint8Array;
  close(): Promise<void>;
}

/** Longest time that a header may take, in milliseconds. */
export const HEADER_TIMEOUT_MS = 60_000;

/** The main file of an input that is all there.
 *  @param prelude all declarations of earlier inputs
 *  @param tail those that the header does not hold: the end of `prelude`, whose lines are counted in that */
export function mainText(prelude: string, tail: string, source: string): string {
  const line = prelude.slice(0, prelude.length - tail.length).split('\n').length;
  return `#line ${line} "${PRELUDE_NAME}"\n${tail}\n${source}`;
}
