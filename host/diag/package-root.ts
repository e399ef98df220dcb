// Files that ship beside the code (stub images, board support sources, the grammar) are found from the
// folder that holds our package.json, whether the code runs from `dist` or straight from the sources.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let cached: string | undefined;

/** Absolute path of the package's top folder. */
export function packageRoot(): string {
  if (cached === undefined) {
    let dir = dirname(fileURLToPath(import.meta.url));
    while (!existsSync(join(dir, 'package.json'))) {
      const up = dirname(dir);
      if (up === dir) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`);
      dir = up;
    }
    cached = dir;
  }
  return cached;
}
