// A board that a modem line of its serial port resets: the adapter's DTR or RTS goes to the chip's reset input, straight
// (asserted: held in reset) or through a capacitor (asserting it is a short pulse). Who has such a wire says so with
// `--reset-line`; else both lines stay as the system sets them, for on many boards they mean something.

import type { BytePort } from '../../../protocol/byte-port.js';
import { deviceError } from '../../diag/error.js';
import { type Clock, systemClock } from '../clock.js';

export type ResetLine = 'dtr' | 'rts';

/** Long enough for every reset input, and for an adapter that takes a frame of USB for each change. */
const PULSE_MS = 100;

/** Releases the line, which opening a port may have asserted, and gives the port a reset button.
 *  @throws WIRE_RESET_LINE when the port has no modem lines, or does not set them */
export async function addResetLine(port: BytePort, line: ResetLine, clock: Clock = systemClock): Promise<BytePort> {
  if (port.setSignals === undefined) {
    await port.close();
    const text = `${port.name} has no ${line.toUpperCase()} line: --reset-line is for serial ports and rfc2217://.`;
    throw deviceError('WIRE_RESET_LINE', text, { port: port.name, line });
  }
  const set = async (on: boolean): Promise<void> => {
    try {
      await port.setSignals!({ [line]: on });
    } catch (cause) {
      const why = (cause as Error).message.replace(/^Error: |, cannot set$/g, '');
      const text = `${port.name}: ${line.toUpperCase()} cannot be set: ${why}\nLeave --reset-line out if the board is not wired to it.`;
      throw deviceError('WIRE_RESET_LINE', text, { port: port.name, line, why }, cause);
    }
  };
  try {
    await set(false);
  } catch (error) {
    await port.close();
    throw error;
  }
  port.reset = async () => {
    await set(true);
    await new Promise<void>((resolve) => void clock.after(PULSE_MS, resolve));
    await set(false);
  };
  return port;
}
