// A stack that was used up: by whom, and how deep.

import { type Backtrace, depthOf } from './backtrace.js';
import { symbolText } from './context.js';
import type { FaultContext, MemoryRange, Verdict } from './fault-facts.js';

/** A stack that is overrun by more than this was not by the small frames of many calls. */
const LARGE_FRAME = 512;

/** The function at an address. */
export const nameAt = (addr: number, { symbolAt }: FaultContext): string | undefined =>
  symbolText(symbolAt?.(addr))?.replace(/ ?\+ ?\d+$/, '');

/** Says so.
 *  @param lowest address that was wanted, below the stack */
export function overflowVerdict(lowest: number, trace: Backtrace, stack: MemoryRange, context: FaultContext): Verdict {
  const innermost = trace.lost?.addr ?? trace.inner[0]?.lookupAddr;
  const name = innermost === undefined ? undefined : nameAt(innermost, context);
  const wanted = stack.addr + stack.sizeBytes - lowest;
  const calls = depthOf(trace);
  const number = (value: number): string => value.toLocaleString('en-US');
  const deep =
    calls > 1
      ? `${number(Math.min(wanted, stack.sizeBytes))} bytes deep in ${number(calls)} calls`
      : `${number(wanted)} bytes wanted, ${number(stack.sizeBytes)} are there`;
  const oneWantsMuch = wanted - stack.sizeBytes > LARGE_FRAME ? 'a local variable too large for the stack' : undefined;
  return {
    cause: `stack overflow${name === undefined ? '' : ` in \`${name}\``}, ${deep}`,
    mistake: trace.roundBytes > 0 ? 'endless recursion' : oneWantsMuch,
  };
}
