import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { runCommand } from '../support/run-command.js';

// A process that has ended may stay in the table until its parent looks: state Z.
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function ends(pid: number): Promise<boolean> {
  const deadline = performance.now() + 5000;
  while (isRunning(pid) && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  return !isRunning(pid);
}

test('a command reports its exit code and both its outputs', async () => {
  const end = await runCommand(['sh', '-c', 'echo out; echo err >&2; exit 3'], 10, tmpdir());
  expect(end.exitCode).toBe(3);
  expect(end.output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

test('a command has nothing to read from', async () => {
  expect(await runCommand(['cat'], 10, tmpdir())).toMatchObject({ exitCode: 0, output: '' });
});

test('a command that does not exist has failed', async () => {
  const end = await runCommand(['barewire-no-such-command'], 10, tmpdir());
  expect(end.exitCode).not.toBe(0);
  expect(end.output).toContain('ENOENT');
});

test('a command that goes on too long is stopped with the processes it started', async () => {
  const end = await runCommand(['sh', '-c', 'sleep 60 & echo $!; wait'], 0.2, tmpdir());
  expect(end.exitCode).toBeUndefined();
  expect(await ends(Number(end.output))).toBe(true);
});

test('what a command leaves running is ended after it', async () => {
  const end = await runCommand(['sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], 10, tmpdir());
  expect(end.exitCode).toBe(0);
  expect(await ends(Number(end.output))).toBe(true);
});
