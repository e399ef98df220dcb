// The board `wasm` from the first command on: processes as people start them, in a terminal (of `script`, where that is) and
// from a pipe, with an empty cache folder and with a full one.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prebuild, prebuiltIsCurrent } from '../host/compile/yowasp/prebuild.js';
import { environment, withEnvironment } from '../host/diag/environment.js';
import { packageRoot } from '../host/diag/package-root.js';
import { findProgram } from '../host/toolchain/find-llvm.js';
import { figure, median, ms } from './report.js';

const ROUNDS = 5;
const START_AIM_MS = 1500;
const LIMIT_MS = 120_000;
const INPUT = 'int f(int a){return a*2;}\nf(21)\n';
const MAIN = join(packageRoot(), 'dist', 'host', 'cli', 'main.js');

/** Prints the time to the first prompt and to the first value. */
export async function benchWasmStart(): Promise<void> {
  // As the package carries it.
  if (!prebuiltIsCurrent()) await prebuild();
  const dir = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  try {
    for (const [cache, folder] of [
      ['empty cache', () => mkdtempSync(join(dir, 'cache-'))],
      ['warm cache', () => join(dir, 'warm')],
    ] as const) {
      const [prompts, values]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        values.push(await timed([process.execPath, MAIN, '--board', 'wasm'], folder(), INPUT, '(int) 42'));
        const inTerminal = terminal([process.execPath, MAIN, '--board', 'wasm']);
        if (inTerminal !== undefined) prompts.push(await timed(inTerminal, folder(), undefined, 'bw> '));
      }
      if (prompts.length > 0) {
        const prompt = median(prompts);
        figure(`start, ${cache} → prompt`, ms(prompt), spread(prompts), {
          text: `≤ ${START_AIM_MS} ms`,
          met: prompt <= START_AIM_MS,
        });
      }
      figure(`start, ${cache} → first value`, ms(median(values)), `${spread(values)}; two inputs from a pipe`);
    }
    const other = [process.execPath, MAIN, '--board', 'wasm', '-O', '0'];
    const madeMs = await timed(other, mkdtempSync(join(dir, 'cache-')), INPUT, '(int) 42');
    figure('with other options (-O 0), empty cache', ms(madeMs), 'whose header is made then; the first value, once');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const spread = (values: readonly number[]): string =>
  `process started, ${ms(Math.min(...values))} to ${ms(Math.max(...values))} in ${values.length} rounds`;

/** The same command in a terminal of its own. */
function terminal(command: readonly string[]): string[] | undefined {
  const script = process.platform === 'linux' ? findProgram('script', environment().path) : undefined;
  const quoted = command.map((word) => `'${word}'`).join(' ');
  return script === undefined ? undefined : [script, '-qefc', quoted, '/dev/null'];
}

/** Milliseconds from the start of a program until it has printed `wanted`. */
function timed(
  [program, ...args]: readonly string[],
  cacheDir: string,
  input: string | undefined,
  wanted: string,
): Promise<number> {
  const start = performance.now();
  const env = withEnvironment({ BAREWIRE_CACHE: cacheDir, BAREWIRE_STATE: join(cacheDir, 'state'), TERM: 'xterm' });
  const child: ChildProcess = spawn(program!, args, { stdio: ['pipe', 'pipe', 'ignore'], env, timeout: LIMIT_MS });
  if (input !== undefined) child.stdin!.end(input);
  return new Promise((resolve, reject) => {
    let said = '';
    let tookMs: number | undefined;
    child.stdout!.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      if (tookMs !== undefined || !said.includes(wanted)) return;
      tookMs = performance.now() - start;
      // Ctrl-D, or the end of what is piped.
      if (input === undefined) child.stdin!.end('\x04');
    });
    child.on('error', reject);
    child.on('close', () => {
      if (tookMs === undefined) reject(new Error(`${program} never said ${wanted}: ${said}`));
      else resolve(tookMs);
    });
  });
}
