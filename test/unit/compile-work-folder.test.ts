import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeWorkFolder } from '../../host/compile/work-folder.js';

it('removes the folders of processes that were killed, and no others', () => {
  const parent = mkdtempSync(join(tmpdir(), 'work-folder-'));
  try {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const left = join(parent, `barewire-${gone}-abc`);
    const used = join(parent, `barewire-${process.ppid}-abc`);
    const other = join(parent, 'barewire-test-abc');
    for (const dir of [left, used, other]) mkdirSync(dir);
    const made = makeWorkFolder(parent);
    expect([left, used, other, made].map((dir) => existsSync(dir))).toEqual([false, true, true, true]);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});
