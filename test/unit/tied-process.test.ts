import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../host/diag/package-root.js';

it.runIf(existsSync('/usr/bin/setpriv'))('a process that is killed takes its tied processes along', async () => {
  const script =
    `import { spawnTied } from ${JSON.stringify(join(packageRoot(), 'dist', 'boards', 'sim', 'tied-process.js'))};\n` +
    `const child = spawnTied(process.execPath, ['-e', 'console.log(process.pid); setInterval(() => {}, 1e6)'], ` +
    `{ stdio: ['ignore', 'inherit', 'inherit'] });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  expect(Number(String(said))).toBeGreaterThan(0);
  parent.kill('SIGKILL');
  // The pipe ends when both of its writers are gone.
  await once(parent.stdout, 'end');
});
