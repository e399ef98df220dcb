// A port that went away comes back: the cable is plugged in again, under the same name or another, or whoever stands
// behind a socket is started again. Nothing tells when, so it is tried, soon at first, then once a second.

import type { BytePort } from '../../../protocol/byte-port.js';
import { deviceError } from '../../diag/error.js';
import { type Clock, systemClock } from '../clock.js';
import { listSerialPorts, openSerialPort, type SerialPortInfo } from './serial.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export interface WaitOptions {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly clock?: Clock;
  /** Whether trying again is of no use after an error. */
  hopeless?(error: unknown): boolean;
}

/** Tries `open` until it works.
 *  @param what is waited for, for messages
 *  @throws what is hopeless; WIRE_GAVE_UP when `signal` or the limit ends the waiting, with the last failure as its cause */
export async function openAgain<T>(what: string, open: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { signal, limitMs, clock = systemClock } = options;
  const startMs = clock.now();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    let failure: unknown;
    try {
      return await open();
    } catch (error) {
      if (options.hopeless?.(error)) throw error;
      failure = error;
    }
    const waitedMs = clock.now() - startMs;
    if (signal.aborted || waitedMs >= limitMs) {
      const why = signal.aborted ? 'you stopped it' : 'that is long enough';
      const last = failure instanceof Error ? failure.message : String(failure);
      throw deviceError(
        'WIRE_GAVE_UP',
        `waited ${(waitedMs / 1000).toFixed(1)} s for ${what}, then gave up: ${why}. The last try: ${last}\nThe next input tries again.`,
        { what, waitedMs, stopped: signal.aborted },
        failure,
      );
    }
    await pause(Math.min(pauseMs, limitMs - waitedMs), signal, clock);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}

/** Where a board is now: under the serial number of its USB device wherever that is, else where it was.
 *  @returns undefined when it is not there */
export function findPortAgain(
  path: string,
  serialNumber: string | undefined,
  ports: readonly SerialPortInfo[],
): string | undefined {
  if (serialNumber !== undefined) return ports.find((port) => port.serialNumber === serialNumber)?.path;
  return path;
}

/** Opens the serial port of the same board again, under whatever name.
 *  @throws WIRE_PORT_ABSENT, … when it is not there now */
export async function openSerialAgain(
  path: string,
  serialNumber: string | undefined,
  baud: number,
  list = listSerialPorts,
  open = openSerialPort,
): Promise<BytePort> {
  const ports = serialNumber === undefined ? [] : await list();
  const found = findPortAgain(path, serialNumber, ports);
  if (found !== undefined) return open(found, baud);
  const names = ports.map((port) => port.path).join(', ') || 'none';
  throw deviceError(
    'WIRE_PORT_ABSENT',
    `no board with serial number ${serialNumber} is there; ports there are: ${names}`,
    {
      path,
      serialNumber,
    },
  );
}
