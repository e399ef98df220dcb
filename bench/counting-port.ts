// A port, and a session, whose line counts the bytes that pass.

import { type OpenOptions, openSession } from '../host/session/open.js';
import type { Session } from '../host/session/session.js';
import type { BytePort } from '../protocol/byte-port.js';

/** Bytes that passed since these were last set to 0. */
export interface LineCount {
  /** In both directions. */
  bytes: number;
  /** To the board. */
  sent?: number;
}

/** The same port; what passes is added to `count`. */
export function countingPort(port: BytePort, count: LineCount): BytePort {
  return {
    name: port.name,
    write: (bytes) => {
      count.bytes += bytes.length;
      count.sent = (count.sent ?? 0) + bytes.length;
      port.write(bytes);
    },
    onData: (listener) =>
      port.onData((bytes) => {
        count.bytes += bytes.length;
        listener(bytes);
      }),
    onClose: (listener) => port.onClose(listener),
    close: () => port.close(),
  };
}

/** Opens a session whose line is counted. */
export async function openCounted(options: OpenOptions): Promise<{ session: Session; count: Required<LineCount> }> {
  const count = { bytes: 0, sent: 0 };
  return { session: await openSession({ ...options, wrapPort: (port) => countingPort(port, count) }), count };
}
