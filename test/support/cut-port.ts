// A port whose line can be cut while a session goes on: to see what an input leaves behind that got half through.

import type { BytePort } from '../../protocol/byte-port.js';

export interface CutPort extends BytePort {
  /** `answers`: the board hears and is not heard. `both`: neither. */
  cut: 'none' | 'answers' | 'both';
  /** The line is whole again as soon as the host says HELLO. */
  healsAtHello: boolean;
  /** Bytes the host sent since the start. */
  readonly sentBytes: number;
}

/** Puts a switch into a line. */
export function cutPort(port: BytePort): CutPort {
  const cuttable = {
    name: port.name,
    cut: 'none' as CutPort['cut'],
    healsAtHello: false,
    sentBytes: 0,
    write: (bytes: Uint8Array) => {
      cuttable.sentBytes += bytes.length;
      // 00 ends what was before, then the COBS code, then the kind: 01 is HELLO.
      if (cuttable.healsAtHello && bytes[0] === 0 && bytes[2] === 1) cuttable.cut = 'none';
      if (cuttable.cut !== 'both') port.write(bytes);
    },
    onData: (listener: (bytes: Uint8Array) => void) =>
      port.onData((bytes) => {
        if (cuttable.cut === 'none') listener(bytes);
      }),
    onClose: (listener: (cause?: Error) => void) => port.onClose(listener),
    close: () => port.close(),
  };
  return cuttable;
}
