// A batch that did not end well becomes an error that says what happened on the board.

import type { BatchReply } from '../../protocol/batch.js';
import { type BarewireError, bug, deviceError } from '../diag/error.js';
import type { FaultReport } from '../show/fault.js';

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

/** The error for a batch that ended with another status than OK.
 *  @param report on the record of a fault or stop */
export function batchError(
  input: string,
  reply: BatchReply,
  report: FaultReport | undefined,
): BarewireError | ProgramExit {
  const { status, failure, done } = reply;
  switch (status) {
    case 'EXITED':
      if (failure.value === ABORTED) {
        return deviceError('SESSION_ABORTED', `${input} aborted: what it did up to there stays done`, { input });
      }
      return new ProgramExit((failure.value ?? 0) | 0);
    case 'FAULT': {
      const { cause = 'no record came', mistake, place = [], details = [] } = report ?? {};
      const likely = mistake === undefined ? [] : [`likely: ${mistake}`];
      return deviceError('SESSION_FAULT', [`${input} faulted: ${cause}`, ...likely, ...place, ...details].join('\n'), {
        input,
        cause,
        mistake,
      });
    }
    case 'BROKEN': {
      return deviceError('SESSION_STOPPED', [`${input} was stopped`, ...(report?.place ?? [])].join('\n'), { input });
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
