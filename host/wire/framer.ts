// Cuts the byte stream at its 0x00s. `@serialport/parser-delimiter` does the cutting, with two habits that
// are mended here: as a byte stream it may hand over two frames as one (object mode keeps them apart), and it
// keeps bytes without limit while no delimiter comes (it is never given more of a frame than can be good).
//
//   chunk ──▶ cap: at most maxEncoded + 1 bytes between delimiters ──▶ DelimiterParser ──▶ onFrame
//                                                                       └ longer than maxEncoded: onTooLong

import { DelimiterParser } from '@serialport/parser-delimiter';

export interface FramerEvents {
  /** Bytes between two delimiters, without them; never empty. */
  onFrame(encoded: Uint8Array): void;
  /** A run of bytes beyond the limit ended; called once for each. */
  onTooLong(): void;
}

export interface Framer {
  push(chunk: Uint8Array): void;
  close(): void;
}

/** Makes a framer that holds `maxEncodedBytes` + 1 bytes at most, whatever comes. */
export function createFramer(maxEncodedBytes: number, events: FramerEvents): Framer {
  const parser = new DelimiterParser({ delimiter: [0], readableObjectMode: true, readableHighWaterMark: 1024 });
  parser.on('data', (encoded: Buffer) => {
    if (encoded.length > maxEncodedBytes) events.onTooLong();
    else if (encoded.length > 0) events.onFrame(encoded);
  });
  let run = 0;
  return {
    push(chunk) {
      for (const part of capRuns(chunk)) parser.write(part);
    },
    close() {
      parser.removeAllListeners('data');
      parser.destroy();
    },
  };

  /** The chunk without what lies beyond the limit of its frame; usually the chunk itself. */
  function* capRuns(chunk: Uint8Array): Generator<Uint8Array> {
    let keptFrom = 0;
    let at = 0;
    while (at < chunk.length) {
      const zero = chunk.indexOf(0, at);
      const end = zero < 0 ? chunk.length : zero;
      const allowed = Math.max(0, maxEncodedBytes + 1 - run);
      if (end - at > allowed) {
        if (at + allowed > keptFrom) yield chunk.subarray(keptFrom, at + allowed);
        keptFrom = end;
      }
      run = zero < 0 ? run + end - at : 0;
      at = end + 1;
    }
    if (keptFrom < chunk.length) yield chunk.subarray(keptFrom);
  }
}
