// What a failed link says: what was waited for, how long, how often it was tried, and what to try next.

import type { FieldsOf } from '../../protocol/fields.js';
import { type FRAMES, STATUSES } from '../../protocol/messages.js';
import { type BarewireError, deviceError } from '../diag/error.js';

/** The newest STATE of the board, for messages. */
export type BoardState = FieldsOf<typeof FRAMES.STATE.fields>;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const hash = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;
const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

export function noAnswer(port: string, waitedMs: number, tries: number, badFrames: number): BarewireError {
  const heard = badFrames === 0 ? 'nothing came back' : `only ${plural(badFrames, 'damaged frame')} came back`;
  return deviceError(
    'WIRE_NO_ANSWER',
    `${port}: no answer to HELLO in ${seconds(waitedMs)} (sent ${plural(tries, 'time')}): ${heard}.
Is the stub on the board (barewire flash), is this its port, is the baud rate right? A reset of the board may help.`,
    { port, waitedMs, tries, badFrames },
  );
}

export function tableMismatch(port: string, boardHash: number, hostHash: number): BarewireError {
  return deviceError(
    'WIRE_TABLE_MISMATCH',
    `${port}: the stub speaks another version of the protocol: its message table is ${hash(boardHash)}, ours is ${hash(hostHash)}.
Put the stub that belongs to this barewire on the board: \`barewire flash\`, after \`npm run firmware\` when you build it yourself.`,
    { port, boardHash, hostHash },
  );
}

export function badHello(port: string, why: string): BarewireError {
  return deviceError(
    'WIRE_BAD_HELLO',
    `${port}: the board's HELLO_REPLY makes no sense: ${why}.
Its message table is ours, so the image is damaged or was built with wrong limits: flash it again (\`barewire flash\`).`,
    { port, why },
  );
}

export function stillRunning(port: string, waitedMs: number, breaks: number): BarewireError {
  const tried = breaks === 0 ? '' : ` and ${plural(breaks, 'BREAK')} in ${seconds(waitedMs)} did not stop it`;
  const hint = breaks === 0 ? 'The next input stops it first.' : 'It keeps interrupts off: reset the board.';
  return deviceError(
    'WIRE_STILL_RUNNING',
    `${port}: the board runs code that this session did not start${tried}.\n${hint}`,
    { port, waitedMs, breaks },
  );
}

export function timeout(port: string, waitedFor: string, waitedMs: number, tries: number): BarewireError {
  return deviceError(
    'WIRE_TIMEOUT',
    `${port}: waited ${seconds(waitedMs)} for ${waitedFor}, asked ${plural(tries, 'time')}, and the board said nothing.
Is it still connected and powered? If your code turns interrupts off, the board cannot answer while it runs. A reset of the board may help.`,
    { port, waitedFor, waitedMs, tries },
  );
}

/** @param lost what did not get through: the batch, or the answer to one that the board has done */
export function unreliable(
  port: string,
  what: string,
  sends: number,
  lost: 'batch' | 'answer',
  state: BoardState | undefined,
): BarewireError {
  const counts =
    state === undefined
      ? ''
      : ` (it counts ${state.badCrc} frames with a wrong CRC, ${state.badLength} with a wrong length, ${state.dropped} dropped)`;
  const happened =
    lost === 'batch'
      ? `${what} was sent ${plural(sends, 'time')} and never got through, though the board answers${counts}.`
      : `the board has done ${what}, but its answer was asked for ${plural(sends, 'time')} and never came whole${counts}.
Its effects stand, its results are lost.`;
  return deviceError(
    'WIRE_UNRELIABLE',
    `${port}: ${happened}
Bytes are lost on the way: try another cable, a lower baud rate (--baud), or no hub between.`,
    { port, what, sends, lost, state },
  );
}

export function outOfStep(port: string, awaited: number, sent: string): BarewireError {
  return deviceError(
    'WIRE_OUT_OF_STEP',
    `${port}: the board waits for batch ${awaited}, we sent ${sent}: it has restarted unnoticed, or somebody else uses the line.
Close other programs that have the port open; the next input starts a new sequence.`,
    { port, awaited, sent },
  );
}

export function replyLost(port: string, what: string): BarewireError {
  return deviceError(
    'WIRE_REPLY_LOST',
    `${port}: the board has done ${what}, but no longer has the answer: its effects stand, its results are lost.
The next input starts a new sequence; look at the state of your program before you go on.`,
    { port, what },
  );
}

export function malformedReply(port: string, what: string, why: string): BarewireError {
  return deviceError(
    'WIRE_MALFORMED_REPLY',
    `${port}: the answer to ${what} came whole but makes no sense: ${why}.
Stub and host disagree though their tables are the same: flash the stub again (\`barewire flash\`).`,
    { port, what, why },
  );
}

export function breakIgnored(port: string, waitedMs: number, breaks: number): BarewireError {
  return deviceError(
    'WIRE_BREAK_IGNORED',
    `${port}: ${plural(breaks, 'BREAK')} in ${seconds(waitedMs)} did not stop the running code, though the board answers.
The code runs in an interrupt handler, or above the stub's priority: reset the board.`,
    { port, waitedMs, breaks },
  );
}

export function resetIgnored(port: string, waitedMs: number): BarewireError {
  return deviceError(
    'WIRE_RESET_IGNORED',
    `${port}: RESET was sent twice in ${seconds(waitedMs)}, and the board did not say that it has restarted.
Its code keeps the stub from hearing: press the reset button of the board, or unplug it.`,
    { port, waitedMs },
  );
}

/** What a board says of a restart of its own. */
const CAUSES: Readonly<Record<number, string>> = {
  [STATUSES.DAMAGED.code]: "because the code wrote over the stub's own memory",
  [STATUSES.FAULT.code]: 'because an interrupt handler faulted between two runs',
  [STATUSES.STALLED.code]: 'because an interrupt handler did not return between two runs',
};

/** @param cause of HELLO_REPLY */
export function restarted(port: string, what: string, cause: number): BarewireError {
  const why = CAUSES[cause];
  const text =
    why === undefined
      ? `${port}: the board restarted during ${what}.\nA watchdog, a reset button, the power, or the code itself?`
      : `${port}: the board restarted during ${what}, ${why}.`;
  return deviceError('WIRE_RESTARTED', text, { port, what, cause });
}

export function closed(port: string, what: string, cause: Error | undefined): BarewireError {
  const why = cause === undefined ? 'it was closed' : cause.message;
  return deviceError(
    'WIRE_CLOSED',
    `${port}: the line ended during ${what}: ${why}.
What the board holds in RAM may still be there.`,
    { port, what },
    cause,
  );
}
