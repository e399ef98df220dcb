// A bar for transfers that take longer than half a second, on the error stream and in a terminal only. It moves when
// something has arrived, so that no clock of its own runs.
//
//     sending  [=========>          ]  47 %  10.9 KB/s  1.6 s left

import type { Progress } from '../session/session.js';

const FIRST_AFTER_MS = 500;
const CELLS = 24;

export interface ProgressBar {
  show(progress: Progress): void;
  /** Takes the bar away, so that something else can be printed there. */
  clear(): void;
}

/** The text of the bar. */
export function barText({ doneBytes, totalBytes, elapsedMs }: Progress): string {
  const share = doneBytes / totalBytes;
  const full = Math.round(share * CELLS);
  const bar = `${'='.repeat(Math.max(0, full - 1))}>`.slice(0, Math.max(1, full)).padEnd(CELLS);
  const rate = (doneBytes * 1000) / elapsedMs;
  const left = (totalBytes - doneBytes) / rate;
  return `sending  [${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${(rate / 1000).toFixed(1)} KB/s  ${left.toFixed(1)} s left`;
}

/** A bar on `stream`; one that does nothing if that is no terminal. */
export function progressBar(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): ProgressBar {
  if (stream.isTTY !== true) return { show: () => {}, clear: () => {} };
  let shown = false;
  const clear = (): void => {
    if (shown) stream.write('\r\x1b[K');
    shown = false;
  };
  return {
    clear,
    show: (progress) => {
      if (progress.doneBytes >= progress.totalBytes) clear();
      else if (progress.elapsedMs >= FIRST_AFTER_MS) {
        stream.write(`\r${barText(progress)}\x1b[K`);
        shown = true;
      }
    },
  };
}
