// libFuzzer for the clang that is used: a library of compiler-rt, which distributions pack apart from clang.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environment } from '../diag/environment.js';
import { findClang, foldersOf } from './find-llvm.js';

const LIBRARY = /^libclang_rt\.fuzzer(?:-\w+)?\.a$|^libclang_rt\.fuzzer_osx\.a$/;

/** Path of the clang whose `-fsanitize=fuzzer` links; undefined when it does not, or there is none. */
export function findFuzzer(path = environment().path): string | undefined {
  const { clang } = findClang(environment().clang, path);
  if (clang === undefined) return undefined;
  // …/lib/clang/19/include → …/lib/clang/19/lib/<system>/libclang_rt.fuzzer-<cpu>.a
  const libraries = join(dirname(clang.resourceIncludeDir), 'lib');
  const has = (system: string) => filesOf(join(libraries, system)).some((name) => LIBRARY.test(name));
  return foldersOf(libraries).some(has) ? clang.path : undefined;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
