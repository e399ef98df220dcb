// What the two sides of the compiler's thread say to each other.

import type { FileTree } from './llvm.js';

/** What the thread is started with. */
export interface ThreadData {
  /** Module of LLVM. */
  readonly url: string;
  /** This machine's headers, as LLVM sees them. */
  readonly files: FileTree;
  /** Through which a waiting compilation gets its input: see `FEED`. */
  readonly feed: SharedArrayBuffer;
}

/** One run of LLVM. */
export interface Job {
  readonly id: number;
  readonly args: readonly string[];
  /** Texts by name. */
  readonly texts: Readonly<Record<string, string>>;
  /** Precompiled header: file of this machine, seen as /prefix.pch. It is kept in memory. */
  readonly header?: string;
  /** Writes its output to this file instead of handing it back. */
  readonly outputFile?: string;
  /** `FEED_NAME` can be included, and stands still until its text is there. */
  readonly waits?: boolean;
}

/** How it ended. */
export interface JobEnd {
  readonly id: number;
  readonly output: Uint8Array;
  readonly stderr: string;
  /** Undefined when LLVM itself died. */
  readonly code: number | undefined;
  /** It was told to end while it waited. */
  readonly aborted: boolean;
  /** Why its output could not be written to the file. */
  readonly unwritten?: string;
}

/** Header of the feed's words, and what follows them: UTF-8. */
export const FEED = {
  /** Twice the number of the job that was told something, plus one of TOLD; the thread sleeps on it. */
  told: 0,
  /** Bytes of the text. */
  length: 1,
  /** Words before the text. */
  words: 2,
  /** Bytes of the longest text; clang sees a file of this size, with blanks behind the text. */
  textBytes: 64 * 1024,
} as const;

export const TOLD = { text: 0, abort: 1 } as const;

/** What the main file includes to get the input. */
export const FEED_NAME = '/fifo-0';
export const HEADER_NAME = '/prefix.pch';
