// Who holds a device open: on Linux /proc shows each process's open files as links, for processes we may look into.

import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export interface PortHolder {
  readonly pid: number;
  /** Name of its program. */
  readonly program: string;
}

/** The processes, other than this one, that have `path` open; empty where that cannot be known.
 *  @param procDir for tests */
export function findPortHolders(path: string, procDir = '/proc'): PortHolder[] {
  const device = attempt(() => realpathSync(path), path);
  return attempt(() => readdirSync(procDir), []).flatMap((name): PortHolder[] => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const fdDir = join(procDir, name, 'fd');
    const open = attempt(() => readdirSync(fdDir), []);
    if (!open.some((fd) => attempt(() => readlinkSync(join(fdDir, fd)), '') === device)) return [];
    const program = attempt(() => readFileSync(join(procDir, name, 'comm'), 'utf8').trim(), 'a program');
    return [{ pid, program }];
  });
}

/** Processes come and go while we look, and most are not ours to look into. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
