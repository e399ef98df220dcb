// Programs that write images: what they are called, and where they come from.

import { findProgram } from '../toolchain/find-llvm.js';
import type { PackageManager } from '../toolchain/remedies.js';

interface KnownProgram {
  /** File names, best first. */
  readonly names: readonly string[];
  readonly remedy: Readonly<Partial<Record<PackageManager, string>>>;
  /** Where no package manager has it. */
  readonly otherwise: string;
}

const KNOWN: Readonly<Record<string, KnownProgram>> = {
  openocd: {
    names: ['openocd'],
    remedy: { apt: 'sudo apt-get install openocd', dnf: 'sudo dnf install openocd', brew: 'brew install openocd' },
    otherwise: 'https://github.com/xpack-dev-tools/openocd-xpack/releases',
  },
  'probe-rs': { names: ['probe-rs'], remedy: {}, otherwise: 'cargo install probe-rs-tools --locked' },
  picotool: {
    names: ['picotool'],
    remedy: { apt: 'sudo apt-get install picotool (Debian 13, Ubuntu 25.04 and newer)', brew: 'brew install picotool' },
    otherwise: 'https://github.com/raspberrypi/pico-sdk-tools/releases',
  },
  bossac: {
    names: ['bossac'],
    remedy: { apt: 'sudo apt-get install bossa-cli' },
    otherwise: 'https://github.com/shumatech/BOSSA/releases',
  },
  esptool: { names: ['esptool', 'esptool.py'], remedy: {}, otherwise: 'pipx install esptool' },
  'dfu-util': {
    names: ['dfu-util'],
    remedy: { apt: 'sudo apt-get install dfu-util', dnf: 'sudo dnf install dfu-util', brew: 'brew install dfu-util' },
    otherwise: 'https://dfu-util.sourceforge.net/releases',
  },
};

/** Path of a program on this machine, if it is there. */
export function locate(program: string, path: readonly string[]): string | undefined {
  for (const name of KNOWN[program]?.names ?? [program]) {
    const found = findProgram(name, path, ['/opt/homebrew/bin']);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What installs it: a command or an address. */
export function installHint(program: string, manager: PackageManager): string {
  const known = KNOWN[program];
  return known === undefined ? 'put it into a folder of PATH' : (known.remedy[manager] ?? known.otherwise);
}
