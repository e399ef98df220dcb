// Which board a session is on when nobody says: a simulated Pico where this machine has what compiling for it takes, and
// the one that clang from npm compiles for where not.

import { findBoard } from '../../boards/index.js';
import { findYowasp } from '../toolchain/find-yowasp.js';
import { findToolchain, NEEDED, type Toolchain } from '../toolchain/toolchain.js';

export const DEFAULT_BOARD = 'pico-sim';
/** The board that needs nothing but npm. */
export const NPM_BOARD = 'wasm';

/** A choice, and why it was made. */
export interface DefaultBoard {
  readonly name: string;
  /** One line for people. */
  readonly why: string;
  /** The machine has all that the choice takes, as most do: not worth a line in scripts. */
  readonly isUsual: boolean;
}

/** What there is to choose by. */
export interface Choice {
  readonly toolchain: Pick<Toolchain, 'clang' | 'missing'>;
  /** clang from npm is installed. */
  readonly npm: boolean;
}

/** The board for this machine.
 *  @param clang as `--clang` has it: whoever names a compiler wants it used */
export function defaultBoard(clang?: string, choice = choiceHere(clang)): DefaultBoard {
  const { toolchain, npm } = choice;
  const lacking = toolchain.missing.find(({ piece }) => NEEDED.has(piece));
  if (lacking === undefined && toolchain.clang !== undefined) {
    return {
      name: DEFAULT_BOARD,
      why: `board ${DEFAULT_BOARD}: clang ${toolchain.clang.major} and its libraries are here`,
      isUsual: true,
    };
  }
  const reason = lacking?.reason ?? 'no clang';
  if (npm && clang === undefined) {
    const why = `board ${NPM_BOARD}, compiled for by clang from npm: ${reason} on this machine (\`npx barewire doctor\`)`;
    return { name: NPM_BOARD, why, isUsual: false };
  }
  const brings = npm ? '' : ', nor clang from npm, which `npm install --include=optional` brings, for the board wasm';
  return { name: DEFAULT_BOARD, why: `board ${DEFAULT_BOARD}, though there is ${reason}${brings}`, isUsual: false };
}

function choiceHere(clang: string | undefined): Choice {
  return { toolchain: findToolchain(findBoard(DEFAULT_BOARD), { clang }), npm: findYowasp() !== undefined };
}
