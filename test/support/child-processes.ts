// The simulators that this process has started, for tests that kill one.

import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of our children whose program's name begins with `name` (15 letters at most, as Linux keeps it). */
export function childProcesses(name: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    try {
      const [, comm = '', parent] = /^\d+ \((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return comm.startsWith(name.slice(0, 15)) && Number(parent) === process.pid ? [pid] : [];
    } catch {
      return [];
    }
  });
}
