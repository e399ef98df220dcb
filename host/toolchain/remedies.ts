// What to install, by system. A missing piece carries all four commands: the reader knows their machine.

/** The pieces of a toolchain that come in packages of their own. */
export type Piece =
  | 'clang'
  | 'lld'
  | 'llvm-ar'
  | 'gcc'
  | 'newlib'
  | 'libstdc++'
  | 'qemu'
  | 'riscv-gcc'
  | 'picolibc'
  | 'qemu-riscv';

/** Package managers we name commands for. */
export type PackageManager = 'apt' | 'dnf' | 'brew' | 'winget';

/** The command that mends one missing piece, for each package manager. */
export type Remedy = Readonly<Record<PackageManager, string>>;

/** Debian packages of a piece: each inner list is one need, best choice first. Distributions differ in which
 *  clang versions they carry, so the set-up script takes the first that its package index knows. */
export const APT_PACKAGES: Readonly<Record<Piece, readonly (readonly string[])[]>> = {
  clang: [versioned('clang')],
  lld: [versioned('lld')],
  'llvm-ar': [versioned('llvm')],
  gcc: [['gcc-arm-none-eabi']],
  newlib: [['libnewlib-arm-none-eabi']],
  'libstdc++': [['libstdc++-arm-none-eabi-newlib']],
  qemu: [['qemu-system-arm']],
  'riscv-gcc': [['gcc-riscv64-unknown-elf']],
  picolibc: [['picolibc-riscv64-unknown-elf']],
  'qemu-riscv': [['qemu-system-misc', 'qemu-system-riscv']],
};

const ARM_BREW = 'brew install --cask gcc-arm-embedded';
const ARM_WINGET = 'winget install Arm.GnuArmEmbeddedToolchain';
/** RISC-V boards are linked against the packages that Debian and Ubuntu have. */
const NO_PICOLIBC = '(no package known: the RISC-V libraries are those of Debian and Ubuntu)';
const LLVM_WINGET = 'winget install LLVM.LLVM';

/** The commands that mend each piece. */
export const REMEDIES: Readonly<Record<Piece, Remedy>> = {
  clang: {
    apt: 'sudo apt-get install clang-19',
    dnf: 'sudo dnf install clang',
    brew: 'brew install llvm',
    winget: LLVM_WINGET,
  },
  lld: {
    apt: 'sudo apt-get install lld-19',
    dnf: 'sudo dnf install lld',
    brew: 'brew install lld',
    winget: LLVM_WINGET,
  },
  'llvm-ar': {
    apt: 'sudo apt-get install llvm-19',
    dnf: 'sudo dnf install llvm',
    brew: 'brew install llvm',
    winget: LLVM_WINGET,
  },
  gcc: {
    apt: 'sudo apt-get install gcc-arm-none-eabi',
    dnf: 'sudo dnf install arm-none-eabi-gcc-cs',
    brew: ARM_BREW,
    winget: ARM_WINGET,
  },
  newlib: {
    apt: 'sudo apt-get install libnewlib-arm-none-eabi',
    dnf: 'sudo dnf install arm-none-eabi-newlib',
    brew: ARM_BREW,
    winget: ARM_WINGET,
  },
  'libstdc++': {
    apt: 'sudo apt-get install libstdc++-arm-none-eabi-newlib',
    dnf: 'sudo dnf install arm-none-eabi-gcc-cs-c++',
    brew: ARM_BREW,
    winget: ARM_WINGET,
  },
  qemu: {
    apt: 'sudo apt-get install qemu-system-arm',
    dnf: 'sudo dnf install qemu-system-arm',
    brew: 'brew install qemu',
    winget: 'winget install SoftwareFreedomConservancy.QEMU',
  },
  'riscv-gcc': {
    apt: 'sudo apt-get install gcc-riscv64-unknown-elf',
    dnf: NO_PICOLIBC,
    brew: NO_PICOLIBC,
    winget: NO_PICOLIBC,
  },
  picolibc: {
    apt: 'sudo apt-get install picolibc-riscv64-unknown-elf',
    dnf: NO_PICOLIBC,
    brew: NO_PICOLIBC,
    winget: NO_PICOLIBC,
  },
  'qemu-riscv': {
    apt: 'sudo apt-get install qemu-system-misc',
    dnf: 'sudo dnf install qemu-system-riscv',
    brew: 'brew install qemu',
    winget: 'winget install SoftwareFreedomConservancy.QEMU',
  },
};

function versioned(name: string): readonly string[] {
  return [...[19, 20, 21, 18, 17, 16].map((major) => `${name}-${major}`), name];
}
