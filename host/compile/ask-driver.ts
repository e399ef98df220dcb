// clang's driver turns flags into the arguments of `clang -cc1`. It is asked once; inputs are compiled without it.

import { bug } from '../diag/error.js';
import { runClang } from './run-clang.js';

/** What the driver would run: arguments of `clang`, from `-cc1` to the input.
 *  @throws COMPILE_DRIVER, COMPILE_TIMEOUT, COMPILE_CRASHED when it cannot be started */
export async function askDriver(
  clang: string,
  args: readonly string[],
  dir: string,
  timeoutMs: number,
): Promise<readonly string[]> {
  const asked = await runClang(clang, [...args, '-###'], dir, timeoutMs);
  const line = asked.stderr.split('\n').find((each) => each.includes('"-cc1"'));
  const words = [...(line ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? '').replace(/\\(.)/g, '$1'),
  );
  const from = words.indexOf('-cc1');
  if (from < 0) {
    throw bug('COMPILE_DRIVER', `cannot read what ${clang} -### says:\n${asked.stderr.trimEnd()}`, {
      stderr: asked.stderr,
    });
  }
  return words.slice(from);
}
