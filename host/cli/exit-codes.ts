// What the shell learns from a run of barewire.

import { BarewireError } from '../diag/error.js';

export const EXIT = {
  ok: 0,
  /** An input did not compile or link. */
  input: 1,
  /** Wrong usage, or the machine lacks what barewire needs. */
  usage: 2,
  /** The code faulted or had to be stopped. */
  fault: 3,
  /** The board or the line to it failed. */
  link: 4,
} as const;

const BY_PREFIX: readonly (readonly [prefix: string, exitCode: number])[] = [
  ['COMPILE_', EXIT.input],
  ['UNIT_', EXIT.input],
  ['LINK_', EXIT.input],
  ['ELF_', EXIT.input],
  ['CLI_', EXIT.usage],
  ['TOOLCHAIN_', EXIT.usage],
  ['FLASH_FAILED', EXIT.link],
  ['FLASH_REFUSED', EXIT.link],
  ['FLASH_COPY', EXIT.link],
  ['FLASH_', EXIT.usage],
  ['BOARD_FILE', EXIT.usage],
  ['BOARD_RECORD', EXIT.usage],
  ['BOARD_REGION', EXIT.usage],
  ['BOARD_NO_REGION', EXIT.usage],
  ['BOARD_HEAP', EXIT.usage],
  ['SESSION_FAULT', EXIT.fault],
  ['SESSION_NO_INTERRUPT', EXIT.fault],
  ['SESSION_STOPPED', EXIT.fault],
  ['SESSION_ABORTED', EXIT.fault],
  ['SESSION_NEEDS_OS', EXIT.input],
  ['SESSION_', EXIT.link],
  ['WIRE_', EXIT.link],
  ['BOARD_', EXIT.link],
];

/** The `code` of an error, ours or a system's. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : 'INTERNAL';
}

/** Exit code for a command that ended in `error`. */
export function exitCodeOf(error: unknown): number {
  const code = errorCode(error);
  return BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? EXIT.input;
}

/** Text of an error for a person. Only our own bugs come with a stack. */
export function errorText(error: unknown): string {
  if (error instanceof BarewireError)
    return error.kind === 'bug' ? `${error.message}\n${error.stack ?? ''}` : error.message;
  if (errorCode(error) !== 'INTERNAL') return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
