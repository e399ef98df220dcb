// `--port auto`: the port with a board that answers HELLO. Every port is asked at the same time, and only for this.

import type { BytePort } from '../../../protocol/byte-port.js';
import type { Hello } from '../../../protocol/hello.js';
import { deviceError } from '../../diag/error.js';
import type { Clock } from '../clock.js';
import { DeviceLink } from '../link.js';
import type { SerialPortInfo } from './serial.js';
import { describePort } from './usb.js';

/** A board that listens says hello within milliseconds; one that its adapter has just reset within a second. */
const HELLO_TIMEOUT_MS = 2000;
/** Where a session that was killed may have left a board. */
const RAISED_BAUDS: readonly number[] = [921_600];

/** Asks all ports, and gives the one behind which a board answers.
 *  @param open opens a port by its path
 *  @throws WIRE_PORT_AUTO when none answers, with why for each, or when several do */
export async function findBoardPort(
  ports: readonly SerialPortInfo[],
  open: (path: string) => Promise<BytePort>,
  clock?: Clock,
): Promise<SerialPortInfo> {
  const asked = await Promise.all(
    ports.map(async (info) => {
      try {
        const options = {
          helloTimeoutMs: HELLO_TIMEOUT_MS,
          otherBauds: RAISED_BAUDS,
          ...(clock === undefined ? {} : { clock }),
        };
        const link = await DeviceLink.connect(await open(info.path), options);
        const { hello } = link;
        await link.close();
        return { info, hello };
      } catch (error) {
        return { info, why: (error as Error).message.split('\n')[0]! };
      }
    }),
  );
  const found = asked.filter((one): one is { info: SerialPortInfo; hello: Hello } => 'hello' in one);
  if (found.length === 1) return found[0]!.info;
  const details = { answered: found.map(({ info }) => info.path), asked: ports.map(({ path }) => path) };
  if (found.length > 1) {
    const list = found
      .map(({ info, hello }) => `\n  ${describePort(info)}  ${hello.arch}, image ${hello.buildId}`)
      .join('');
    throw deviceError('WIRE_PORT_AUTO', `${found.length} boards answer; name one with --port:${list}`, details);
  }
  const list = asked.map((one) => `\n  ${describePort(one.info)}: ${'why' in one ? one.why : ''}`).join('');
  const none = list === '' ? 'no serial port is there at all' : `no board answers at any port:${list}`;
  throw deviceError('WIRE_PORT_AUTO', `${none}\nIs the stub on the board, and is it connected and powered?`, details);
}
