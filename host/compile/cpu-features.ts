// What a core has not need not be said. For `-mcpu=cortex-m0plus` clang's driver writes fifty `-target-feature -…`, and LLVM
// looks for all that hangs on each of them, several times a compilation: three quarters of the time of its back end for
// a small input. They are left off where the core has none of it by itself; code and macros are the same without.

import { runClang } from './run-clang.js';

const FEATURE = '-target-feature';

/** What a core has by itself, as clang's front end names it.
 *  @param cc1 arguments that name it by `-triple` and `-target-cpu`
 *  @returns undefined when clang does not say */
export async function cpuFeatures(
  clang: string,
  cc1: readonly string[],
  dir: string,
  timeoutMs: number,
): Promise<ReadonlySet<string> | undefined> {
  const core = ['-triple', '-target-cpu'].flatMap((name) => {
    const at = cc1.indexOf(name);
    return at < 0 ? [] : cc1.slice(at, at + 2);
  });
  const args = ['-cc1', ...core, '-emit-llvm', '-x', 'c', '-', '-o', '-'];
  const said = await runClang(clang, args, dir, timeoutMs, 'void f(void) {}\n');
  const features = /"target-features"="([^"]*)"/.exec(Buffer.from(said.stdout).toString('utf8'))?.[1];
  if (said.code !== 0 || features === undefined) return undefined;
  return new Set(features.split(',').flatMap((each) => (each.startsWith('+') ? [each.slice(1)] : [])));
}

/** Arguments without the features that are turned off and would not be there anyway. */
export function withoutNeedless(cc1: readonly string[], ofCpu: ReadonlySet<string> | undefined): readonly string[] {
  if (ofCpu === undefined) return cc1;
  const needless = (at: number): boolean => {
    const name = cc1[at + 1];
    return cc1[at] === FEATURE && name !== undefined && name.startsWith('-') && !ofCpu.has(name.slice(1));
  };
  return cc1.filter((_, at) => !needless(at) && !needless(at - 1));
}
