// A session's folder for FIFOs and main files. It goes when the process ends; that of a process that was killed is
// found by the number in its name and removed by the next one that starts.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OURS = /^barewire-(\d+)-/;

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's process, which lives.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes a session's folder; one that a system will not let go while a file in it is open is left to the next process. */
export function removeWorkFolder(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // Windows, and a compiler that has not quite ended.
  }
}

/** Makes a folder for this process, and removes those whose process is gone.
 *  @param parent where */
export function makeWorkFolder(parent = tmpdir()): string {
  for (const name of readdirSync(parent)) {
    const pid = OURS.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another user's: theirs to remove.
    }
  }
  return mkdtempSync(join(parent, `barewire-${process.pid}-`));
}
