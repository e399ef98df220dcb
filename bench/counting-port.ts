// A port that counts the bytes that pass, in both directions.

import type { BytePort } from '../protocol/byte-port.js';

/** The same port; what passes is added to `count.bytes`. */
export function countingPort(port: BytePort, count: { bytes: number }): BytePort {
  return {
    name: port.name,
    write: (bytes) => {
      count.bytes += bytes.length;
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
