// A batch that did not end well becomes an error that says what happened on the board.

import type { BatchReply } from '../../protocol/batch.js';
import { type BarewireError, bug, deviceError } from '../diag/error.js';
import { type FaultReport, reportLines } from '../show/fault.js';

/** The user code called `exit`; not a failure by itself. */
export class ProgramExit extends Error {
  override readonly name = 'ProgramExit';
  constructor(readonly exitCode: number) {
    super(`the program called exit(${exitCode})`);
  }
}

/** Status of a program that `abort` ended: 128 + SIGABRT. */
const ABORTED = 134;

const hex = (value: number | undefined): string => `0x${((value ?? 0) >>> 0).toString(16).padStart(8, '0')}`;

/** Statuses of code that was ended from outside, at a moment that does not come again. */
export function isStop(status: BatchReply['status'] | undefined): boolean {
  return status === 'BROKEN' || status === 'STALLED' || status === 'RESTARTED';
}

const RESET_CAUSES =
  'by itself, by its watchdog, which code that keeps interrupts off meets, its reset button or its power';

/** What a restart that the board made to get out of the code, or that came in its midst, has left. */
function restartLines(reply: BatchReply): string[] {
  if (reply.failure.bootId === undefined) return [];
  return ['variables are kept; peripherals are as after a reset: the board had to restart'];
}

/** The error for a batch that ended with another status than OK.
 *  @param report on the record of a fault or stop
 *  @param isSafe whether safe mode has put memory back */
export function batchError(
  input: string,
  reply: BatchReply,
  report: FaultReport | undefined,
  isSafe = false,
): BarewireError | ProgramExit {
  const { status, failure, done } = reply;
  switch (status) {
    case 'EXITED':
      if (failure.value === ABORTED) {
        const left = isSafe ? 'memory is as it was before' : 'what it did up to there stays done';
        return deviceError('SESSION_ABORTED', `${input} aborted: ${left}`, { input });
      }
      return new ProgramExit((failure.value ?? 0) | 0);
    case 'FAULT': {
      const known: FaultReport = report ?? { cause: 'no record came', mistake: undefined, place: [], details: [] };
      const { cause, mistake } = known;
      const text = reportLines(input, known, restartLines(reply)).join('\n');
      return deviceError(known.code ?? 'SESSION_FAULT', text, { input, cause, mistake });
    }
    case 'BROKEN':
    case 'STALLED': {
      const why = status === 'BROKEN' ? '' : ' by the watchdog: it kept interrupts off for more than half a second';
      const lines = [`${input} was stopped${why}`, ...restartLines(reply), ...(report?.place ?? [])];
      return deviceError('SESSION_STOPPED', lines.join('\n'), { input });
    }
    case 'RESTARTED': {
      const lines = [
        `${input} does not count: the board was reset while it ran, ${RESET_CAUSES}`,
        ...restartLines(reply),
      ];
      return deviceError('SESSION_RESTARTED', lines.join('\n'), { input });
    }
    case 'MISMATCH':
      return deviceError(
        'SESSION_MEMORY_MISMATCH',
        `${input} was sent but the board's memory reads back otherwise (CRC-32 ${hex(failure.crc)}): ` +
          'the RAM there is faulty or something else writes to it; nothing was run',
        { input, crc: failure.crc },
      );
    case 'REFUSED':
      return bug(
        'SESSION_REFUSED',
        `the board refused operation ${done + 1} of ${input}: it writes outside the arena`,
        { input, done },
      );
    default:
      return bug('SESSION_BAD_BATCH', `the board answered ${status} to operation ${done + 1} of ${input}`, {
        input,
        status,
        done,
      });
  }
}

/** The error for an input during which the board restarted or the line ended, once the session is put back. */
export function cutShort(input: string, error: BarewireError): BarewireError {
  const code = error.code === 'WIRE_RESTARTED' ? 'SESSION_RESTARTED' : 'SESSION_CUT_SHORT';
  const [what = ''] = error.message.split('\n');
  return deviceError(code, `${input} does not count: ${what}\nType it again if you want it.`, { input }, error);
}

/** The error for an input that Ctrl-C met before any of it was sent. */
export function cancelled(input: string): BarewireError {
  return deviceError('SESSION_STOPPED', `${input} was stopped before it ran: nothing has changed`, { input });
}
