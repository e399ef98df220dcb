// What a compiler has to be able to do, whether it is a process of its own or WebAssembly in a thread.

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

/** Name that clang uses for the declarations of earlier inputs. */
export const PRELUDE_NAME = '<earlier inputs>';

/** The main file of an input that is all there. */
export function mainText(prelude: string, source: string): string {
  return `#line 1 "${PRELUDE_NAME}"\n${prelude}\n${source}`;
}
