// A board's interrupts in words.

import type { Interrupts } from './board.js';

/** `qemu-microbit has 0 to 31`, and -1 if that is the user's. */
export function interruptRange(board: string, { lines, coreTimer }: Interrupts): string {
  const timer = coreTimer === 'free' ? ", and -1, the core's timer" : '';
  return `${board} has ${lines[0]} to ${lines[1]}${timer}`;
}

/** Why a line of the stub's cannot be had. */
export const STUBS_INTERRUPT = "it is the stub's own, which hears the host by it";

/** Why -1 cannot be had. */
export function coreTimerText(board: string, { coreTimer }: Interrupts): string {
  return coreTimer === 'clock'
    ? `-1, SysTick, is what micros() counts with on ${board}: use one of the chip's timers`
    : `the core of ${board} has no timer of its own, -1: use one of the chip's timers`;
}
