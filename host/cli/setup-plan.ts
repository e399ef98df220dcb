// What set-up does about what is missing, decided from facts alone:
//
//     missing pieces × system × privileges × what apt offers → nothing | refresh | install | ask
//
// The facts are gathered and the plan is carried out in setup.ts.

import { OLDEST_CLANG } from '../toolchain/find-llvm.js';
import { APT_PACKAGES, type Piece, REMEDIES, type Remedy } from '../toolchain/remedies.js';

/** A piece of the toolchain, or what the tests alone need: the native C compiler that the stub's core is built with,
 *  programs that share serial ports, clang's fuzzer, and what builds the example firmware. */
export type SetupPiece = Piece | 'cc' | 'ser2net' | 'socat' | 'fuzzer' | 'cmake';

/** What may be done here without asking anybody. */
export type Privilege = 'root' | 'sudo' | 'none';

export interface SetupMachine {
  /** apt-get is there. */
  readonly apt: boolean;
  readonly privilege: Privilege;
  /** Packages that apt offers, with the major version of each; `undefined` in place of a version it does not tell. */
  readonly offers: ReadonlyMap<string, number | undefined>;
  /** `apt-get update` has been run by us: what is not offered now will not be. */
  readonly refreshed: boolean;
}

export type SetupPlan =
  | { readonly kind: 'nothing' }
  /** Update the package index, then plan again. */
  | { readonly kind: 'refresh' }
  | { readonly kind: 'install'; readonly packages: readonly string[] }
  /** We may not install: the user has to. */
  | { readonly kind: 'ask' }
  /** apt has none of these packages, even after an update. */
  | { readonly kind: 'unavailable'; readonly choices: readonly (readonly string[])[] };

/** Pieces that the prompt needs, firmware images included. */
export const PROMPT_PIECES: readonly SetupPiece[] = ['clang', 'lld', 'llvm-ar', 'gcc', 'newlib', 'libstdc++'];
/** Pieces that the tests need. */
export const TEST_PIECES: readonly SetupPiece[] = [
  ...PROMPT_PIECES,
  'qemu',
  'cc',
  'ser2net',
  'socat',
  'fuzzer',
  'cmake',
  'riscv-gcc',
  'picolibc',
  'qemu-riscv',
];

type TestPiece = Exclude<SetupPiece, Piece>;

const TEST_PACKAGES: Readonly<Record<TestPiece, readonly (readonly string[])[]>> = {
  cc: [['gcc'], ['libc6-dev']],
  ser2net: [['ser2net']],
  socat: [['socat']],
  cmake: [['cmake'], ['make']],
  // That of the newest clang, which is the one that is found first.
  fuzzer: [['libclang-rt-19-dev', 'libclang-rt-18-dev', 'libclang-rt-17-dev', 'libclang-rt-16-dev']],
};
const TEST_REMEDIES: Readonly<Record<TestPiece, Remedy>> = {
  cc: {
    apt: 'sudo apt-get install gcc libc6-dev',
    dnf: 'sudo dnf install gcc libasan libubsan',
    brew: 'xcode-select --install',
    winget: 'winget install BrechtSanders.WinLibs.POSIX.UCRT',
  },
  ser2net: {
    apt: 'sudo apt-get install ser2net',
    dnf: 'sudo dnf install ser2net',
    brew: 'brew install ser2net',
    winget: 'there is no ser2net for Windows',
  },
  socat: {
    apt: 'sudo apt-get install socat',
    dnf: 'sudo dnf install socat',
    brew: 'brew install socat',
    winget: 'there is no socat for Windows',
  },
  cmake: {
    apt: 'sudo apt-get install cmake make',
    dnf: 'sudo dnf install cmake make',
    brew: 'brew install cmake',
    winget: 'winget install Kitware.CMake',
  },
  fuzzer: {
    apt: 'sudo apt-get install libclang-rt-19-dev',
    dnf: 'sudo dnf install compiler-rt',
    brew: 'brew install llvm',
    winget: 'winget install LLVM.LLVM',
  },
};

const isTestPiece = (piece: SetupPiece): piece is TestPiece => piece in TEST_PACKAGES;

/** Debian packages of a piece, best choice first in each need. */
export function packagesOf(piece: SetupPiece): readonly (readonly string[])[] {
  return isTestPiece(piece) ? TEST_PACKAGES[piece] : APT_PACKAGES[piece];
}

/** The commands that mend a missing piece by hand. */
export function remedyOf(piece: SetupPiece): Remedy {
  return isTestPiece(piece) ? TEST_REMEDIES[piece] : REMEDIES[piece];
}

/** Decides what to do about the missing pieces. */
export function planSetup(missing: readonly SetupPiece[], machine: SetupMachine): SetupPlan {
  if (missing.length === 0) return { kind: 'nothing' };
  if (!machine.apt || machine.privilege === 'none') return { kind: 'ask' };
  const needs = missing.flatMap(packagesOf);
  const chosen = needs.map((choices) => choices.find((name) => isOffered(name, machine.offers)));
  const packages = chosen.filter((name) => name !== undefined);
  if (packages.length === needs.length) return { kind: 'install', packages: [...new Set(packages)] };
  if (!machine.refreshed) return { kind: 'refresh' };
  return { kind: 'unavailable', choices: needs.filter((_, i) => chosen[i] === undefined) };
}

// `clang` without a number is whatever the distribution thinks right, which may be too old for us.
function isOffered(name: string, offers: SetupMachine['offers']): boolean {
  if (!offers.has(name)) return false;
  return !/^(clang|lld|llvm)$/.test(name) || (offers.get(name) ?? 0) >= OLDEST_CLANG;
}

/** Reads `apt-cache policy`: the packages that have a candidate, with its major version.
 *
 *      clang-19:
 *        Installed: (none)
 *        Candidate: 1:19.1.7-3      epoch and revision do not count
 */
export function parseAptPolicy(text: string): Map<string, number | undefined> {
  const offers = new Map<string, number | undefined>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    name = /^(\S+):$/.exec(line)?.[1] ?? name;
    const candidate = /^\s+Candidate: (?!\(none\))(?:\d+:)?(\S+)/.exec(line)?.[1];
    if (name === undefined || candidate === undefined) continue;
    const major = Number.parseInt(candidate, 10);
    offers.set(name, Number.isNaN(major) ? undefined : major);
  }
  return offers;
}
