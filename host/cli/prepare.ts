// `npm ci` and `npm pack` run it: makes what the board `wasm` needs, so that the first start does not have to, and so that
// the package carries it. It never fails: boards for a native clang do without.
//
//     node dist/host/cli/prepare.js [--pack]
//
// `--pack` says which images the package is going to lack.

import { BOARDS, REAL_BOARDS } from '../../boards/index.js';
import { findYowasp } from '../toolchain/find-yowasp.js';
import { buildFirmware, buildNpmBoard, imageIsThere, MAKING_NPM_BOARD, npmBoardIsCurrent } from './build-firmware.js';
import { errorText } from './exit-codes.js';

/** Says what it does, where there is something to do.
 *  @param say prints a line */
export async function prepare(say: (text: string) => void, isPacking: boolean): Promise<void> {
  if (findYowasp() === undefined) {
    say(
      'barewire: without the optional package @yowasp/clang there is no board wasm; others need a clang of this machine',
    );
  } else if (!npmBoardIsCurrent()) {
    say(`barewire: ${MAKING_NPM_BOARD}`);
    try {
      await buildNpmBoard();
    } catch (error) {
      say(errorText(error));
    }
  }
  if (!isPacking) return;
  const without = () => [...BOARDS, ...REAL_BOARDS].filter((board) => !imageIsThere(board)).map(({ name }) => name);
  // Whoever has what it takes gets a whole package.
  if (without().length > 0) await buildFirmware().catch(() => undefined);
  const lacking = without();
  if (lacking.length > 0) {
    say(
      `barewire: the package has no images for ${lacking.join(', ')}; \`npm run firmware\`, which needs clang and lld, builds them`,
    );
  }
}

await prepare((text) => console.error(text), process.argv.includes('--pack'));
