// The precompiled header that goes with the package: that of the board `wasm` with no options, made when the package is,
// since clang from npm takes some ten seconds for it. Nothing in it is of the machine that made it.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findBoard } from '../../../boards/index.js';
import { findYowasp } from '../../toolchain/find-yowasp.js';
import { compileFlags, RUNTIME } from '../flags.js';
import { prefixText } from '../prefix.js';
import { type HeaderPlan, makeHeader, planHeader } from './backend.js';
import { findStored, prebuiltFolder } from './stored-header.js';

/** Whether the header for this version of the package and of clang is there; true where clang from npm is not. */
export function prebuiltIsCurrent(): boolean {
  if (findYowasp() === undefined) return true;
  return findStored([join(prebuiltFolder(), plan().key)]) !== undefined;
}

/** Makes it, in place of those of other versions.
 *  @throws TOOLCHAIN_NO_NPM_CLANG, COMPILE_PREFIX, COMPILE_CACHE */
export async function prebuild(): Promise<void> {
  const { key, ...rest } = plan();
  const folder = prebuiltFolder();
  const thread = rest.newThread();
  try {
    await makeHeader(rest, thread, join(folder, key));
  } finally {
    await thread.close();
  }
  const others = existsSync(folder) ? readdirSync(folder).filter((name) => name !== key) : [];
  for (const name of others) rmSync(join(folder, name), { recursive: true, force: true });
}

function plan(): HeaderPlan {
  return planHeader(compileFlags(findBoard('wasm')!, [RUNTIME]), prefixText('wasi'));
}
