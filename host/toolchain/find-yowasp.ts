// Finds clang as a WebAssembly package of npm (@yowasp/clang), which needs no installation beside ours, and the system
// headers and libraries for wasm32 that it brings along in a tar file.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BarewireError } from '../diag/error.js';

/** clang from npm. */
export interface Yowasp {
  /** Module to import; a URL. */
  readonly url: string;
  /** Tar file with `include/…` and `lib/…`: what clang sees as /usr. */
  readonly sysroot: string;
  readonly version: string;
}

const NAME = '@yowasp/clang';

/** The package, if it is installed. */
export function findYowasp(
  resolve: (name: string) => string = (name) => import.meta.resolve(name),
): Yowasp | undefined {
  try {
    const url = resolve(NAME);
    const folder = dirname(fileURLToPath(url));
    const sysroot = join(folder, 'llvm-resources.tar');
    if (!existsSync(fileURLToPath(url)) || !existsSync(sysroot)) return undefined;
    const { version } = JSON.parse(readFileSync(join(dirname(folder), 'package.json'), 'utf8')) as { version: string };
    return { url: pathToFileURL(fileURLToPath(url)).href, sysroot, version };
  } catch {
    return undefined;
  }
}

/** The package, or words on how to get it.
 *  @throws TOOLCHAIN_NO_NPM_CLANG */
export function requireYowasp(find: () => Yowasp | undefined = findYowasp): Yowasp {
  const found = find();
  if (found !== undefined) return found;
  throw new BarewireError(
    'TOOLCHAIN_NO_NPM_CLANG',
    `the board wasm needs the package ${NAME}, which is not installed: npm left optional packages out (100 MB).
Install it with \`npm install --include=optional\`, or use a board for the clang of this machine: --board pico-sim`,
    { package: NAME },
  );
}
