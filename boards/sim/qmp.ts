// QEMU's monitor, as far as a reset button needs it. Source: QEMU docs/interop/qmp-spec.rst.
//
//   ← {"QMP": …}                → {"execute": "qmp_capabilities"}     ← {"return": {}}
//                               → {"execute": "system_reset"}         ← {"event": "RESET", …}

import type { Duplex } from 'node:stream';

/** QEMU resets a board within milliseconds. */
const RESET_MS = 2000;

export interface Monitor {
  /** Presses the reset button. Resolves when QEMU has done it, its monitor is gone, or it has had its time for it. */
  reset(): Promise<void>;
}

/** Talks to a monitor.
 *  @param stream what `-mon mode=control` is connected to
 *  @param onReset called at each reset, by us or by the firmware */
export function openMonitor(stream: Duplex, onReset: () => void): Monitor {
  let text = '';
  const waiting: (() => void)[] = [];
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.includes('"event": "RESET"')) continue;
      onReset();
      for (const done of waiting.splice(0)) done();
    }
  });
  const end = (): void => {
    for (const done of waiting.splice(0)) done();
  };
  stream.on('error', end);
  stream.on('close', end);
  stream.write('{"execute":"qmp_capabilities"}\n');
  return {
    reset: () =>
      new Promise((resolve) => {
        if (!stream.writable) {
          resolve();
          return;
        }
        const timer = setTimeout(resolve, RESET_MS);
        waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
        stream.write('{"execute":"system_reset"}\n');
      }),
  };
}
