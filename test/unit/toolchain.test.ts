import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PICO_SIM } from '../../boards/pico-sim.js';
import { VIRT_RV32 } from '../../boards/virt-rv32.js';
import { findGcc } from '../../host/toolchain/find-gcc.js';
import { findClang, findLlvmTool } from '../../host/toolchain/find-llvm.js';
import { APT_PACKAGES, REMEDIES } from '../../host/toolchain/remedies.js';
import { describeMissing, findToolchain, packageManagerFor, requireToolchain } from '../../host/toolchain/toolchain.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'barewire-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(...files: string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
}

function script(file: string, text: string): string {
  put(file);
  writeFileSync(join(root, file), `#!/bin/sh\n${text}\n`);
  chmodSync(join(root, file), 0o755);
  return join(root, file);
}

describe('clang', () => {
  it('is found behind a link, with its version and headers, without being started', () => {
    put('llvm-19/bin/clang', 'llvm-19/lib/clang/19/include/stddef.h', 'bin/x');
    symlinkSync(join(root, 'llvm-19/bin/clang'), join(root, 'bin/clang-19'));
    expect(findClang(undefined, [join(root, 'bin')]).clang).toMatchObject({
      path: join(root, 'llvm-19/bin/clang'),
      major: 19,
      resourceIncludeDir: join(root, 'llvm-19/lib/clang/19/include'),
    });
  });

  it('is asked for its version where the folders do not tell', () => {
    const path = script('bin/clang', `case $1 in --version) echo 'Some clang version 18.1.3';; *) echo /res;; esac`);
    expect(findClang(undefined, [join(root, 'bin')]).clang).toMatchObject({
      path,
      major: 18,
      resourceIncludeDir: '/res/include',
    });
  });

  it('is refused when it is too old, and the next one is taken', () => {
    script('old/clang', `echo 'clang version 14.0.6'`);
    put('new/bin/clang-17', 'new/lib/clang/17/include/stddef.h');
    expect(findClang(undefined, [join(root, 'old'), join(root, 'new/bin')]).clang?.major).toBe(17);
    const wanted = findClang(join(root, 'old/clang'), []);
    expect(wanted).toEqual({
      clang: undefined,
      reason: `no clang 16 or newer (${join(root, 'old/clang')} is version 14)`,
    });
  });

  it('is not replaced by another when the one asked for is absent', () => {
    expect(findClang('no-such-clang', [root])).toEqual({
      clang: undefined,
      reason: 'no clang 16 or newer (no-such-clang is not there)',
    });
  });

  it('brings the tools beside it', () => {
    put('llvm/bin/clang', 'llvm/bin/ld.lld', 'llvm/lib/clang/20/include/stddef.h');
    const { clang } = findClang(join(root, 'llvm/bin/clang'), []);
    expect(findLlvmTool('ld.lld', clang, [])).toBe(join(root, 'llvm/bin/ld.lld'));
  });

  it('passes over tools of an LLVM that is too old', () => {
    put('lib/llvm-14/bin/llvm-nosuch');
    expect(findLlvmTool('llvm-nosuch', undefined, [join(root, 'lib/llvm-14/bin')])).toBeUndefined();
    put('lib/llvm-17/bin/llvm-nosuch');
    const path = [join(root, 'lib/llvm-14/bin'), join(root, 'lib/llvm-17/bin')];
    expect(findLlvmTool('llvm-nosuch', undefined, path)).toBe(join(root, 'lib/llvm-17/bin/llvm-nosuch'));
  });
});

describe("GCC's libraries", () => {
  it('are found in the Debian layout', () => {
    put('lib/gcc/arm-none-eabi/12.2.1/libgcc.a', 'lib/arm-none-eabi/newlib/libc.a', 'include/newlib/stdio.h');
    put('include/newlib/nano/newlib.h', 'include/newlib/c++/12.2.1/vector');
    expect(findGcc([], [root])).toEqual({
      version: '12.2.1',
      gccDir: join(root, 'lib/gcc/arm-none-eabi/12.2.1'),
      libDir: join(root, 'lib/arm-none-eabi/newlib'),
      includeDir: join(root, 'include/newlib'),
      nanoIncludeDir: join(root, 'include/newlib/nano'),
      cxxIncludeDir: join(root, 'include/newlib/c++/12.2.1'),
    });
  });

  it('are found in the Arm GNU toolchain, newest version first', () => {
    put('lib/gcc/arm-none-eabi/9.3.1/libgcc.a', 'lib/gcc/arm-none-eabi/14.2.1/libgcc.a', 'arm-none-eabi/lib/libc.a');
    put(
      'arm-none-eabi/include/stdio.h',
      'arm-none-eabi/include/newlib-nano/newlib.h',
      'arm-none-eabi/include/c++/14.2.1/vector',
    );
    expect(findGcc([], [root])).toEqual({
      version: '14.2.1',
      gccDir: join(root, 'lib/gcc/arm-none-eabi/14.2.1'),
      libDir: join(root, 'arm-none-eabi/lib'),
      includeDir: join(root, 'arm-none-eabi/include'),
      nanoIncludeDir: join(root, 'arm-none-eabi/include/newlib-nano'),
      cxxIncludeDir: join(root, 'arm-none-eabi/include/c++/14.2.1'),
    });
  });

  it('are asked for where no known layout fits', () => {
    put('sys/include/stdio.h', 'sys/lib/libc.a', 'gcc/libgcc.a', 'sys/include/c++/13.1.0/vector');
    const answers = `-dumpfullversion) echo 13.1.0;; -print-sysroot) echo ${root}/sys;; *) echo ${root}/gcc/libgcc.a;;`;
    script('bin/arm-none-eabi-gcc', `case $1 in ${answers} esac`);
    expect(findGcc([join(root, 'bin')], [])).toMatchObject({
      version: '13.1.0',
      gccDir: join(root, 'gcc'),
      cxxIncludeDir: join(root, 'sys/include/c++/13.1.0'),
    });
  });
});

describe('findToolchain', () => {
  it('finds everything a board needs on a machine that was set up, and starts nothing', () => {
    const found = findToolchain(PICO_SIM);
    expect(found.missing.filter((each) => each.piece !== 'llvm-ar')).toEqual([]);
    expect(found.clang?.major).toBeGreaterThanOrEqual(16);
    expect(found.archiveDirs).toHaveLength(2);
    expect(found.archiveDirs.every((dir) => dir.endsWith(PICO_SIM.multilib))).toBe(true);
    expect(requireToolchain(found).clang).toBe(found.clang);
  });

  it('names what is missing, why, and the command that mends it', () => {
    const bare = findToolchain(PICO_SIM, { clang: join(root, 'none'), path: [], gccPrefixes: [root] });
    const pieces = new Set(bare.missing.map((each) => each.piece));
    for (const piece of ['clang', 'gcc', 'newlib', 'libstdc++'] as const) expect(pieces).toContain(piece);
    expect(bare.missing.find((each) => each.piece === 'gcc')).toEqual({
      piece: 'gcc',
      reason: 'no libgcc.a',
      remedy: REMEDIES.gcc,
    });
  });

  it('names the multilib that is absent', () => {
    put('lib/gcc/arm-none-eabi/12.2.1/libgcc.a', 'lib/arm-none-eabi/newlib/libc.a', 'include/newlib/stdio.h');
    const found = findToolchain(PICO_SIM, { path: [], gccPrefixes: [root] });
    expect(found.missing.map((each) => each.reason)).toContain(
      `no libc_nano.a for thumb/v6-m/nofp in ${join(root, 'lib/arm-none-eabi/newlib')}`,
    );
  });

  it('throws TOOLCHAIN_MISSING with one command a package manager', () => {
    const bare = findToolchain(PICO_SIM, { clang: join(root, 'none'), path: [], gccPrefixes: [root] });
    expect(() => requireToolchain(bare)).toThrowError(
      expect.objectContaining({
        code: 'TOOLCHAIN_MISSING',
        message: expect.stringContaining(
          '  apt:    sudo apt-get install clang-19 libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib gcc-arm-none-eabi\n',
        ),
      }),
    );
    expect(describeMissing(bare.missing)).toMatch(
      /brew: .*brew install llvm.* && brew install --cask gcc-arm-embedded/,
    );
    expect(describeMissing(bare.missing)).toMatch(
      /winget install LLVM.LLVM && .*winget install Arm.GnuArmEmbeddedToolchain/,
    );
  });

  it('finds picolibc and its libgcc for a RISC-V board, and libstdc++ by its headers alone', () => {
    put(
      'usr/lib/gcc/riscv64-unknown-elf/12.2.0/rv32imac/ilp32/libgcc.a',
      'usr/lib/picolibc/riscv64-unknown-elf/lib/libc.a',
      'usr/lib/picolibc/riscv64-unknown-elf/lib/rv32imac/ilp32/libc.a',
      'usr/lib/picolibc/riscv64-unknown-elf/include/stdio.h',
      'bin/qemu-system-riscv32',
    );
    chmodSync(join(root, 'bin/qemu-system-riscv32'), 0o755);
    const found = findToolchain(VIRT_RV32, { path: [join(root, 'bin')], picolibcPrefixes: [join(root, 'usr')] });
    expect(found.archiveDirs).toEqual([
      join(root, 'usr/lib/picolibc/riscv64-unknown-elf/lib/rv32imac/ilp32'),
      join(root, 'usr/lib/gcc/riscv64-unknown-elf/12.2.0/rv32imac/ilp32'),
    ]);
    expect(found.includeDirs.at(-1)).toBe(join(root, 'usr/lib/picolibc/riscv64-unknown-elf/include'));
    expect(found.qemu).toBe(join(root, 'bin/qemu-system-riscv32'));
  });

  it('says what a RISC-V board lacks, and leaves other boards in peace', () => {
    const bare = findToolchain(VIRT_RV32, { path: [], picolibcPrefixes: [root] });
    expect(() => requireToolchain(bare)).toThrow(
      /no libc.a\n.*no libgcc.a[\s\S]*apt: .*sudo apt-get install .*picolibc-riscv64-unknown-elf gcc-riscv64-unknown-elf/,
    );
    expect(bare.missing.map(({ piece }) => piece)).toContain('qemu-riscv');
    const pieces = findToolchain(PICO_SIM, { path: [], picolibcPrefixes: [root] }).missing.map(({ piece }) => piece);
    expect(pieces).not.toContain('picolibc');
  });

  it('has Debian packages and all four commands for every piece', () => {
    expect(Object.keys(APT_PACKAGES).sort()).toEqual(Object.keys(REMEDIES).sort());
    for (const [piece, remedy] of Object.entries(REMEDIES)) {
      expect(remedy.apt).toMatch(/^sudo apt-get install /);
      if (piece === 'riscv-gcc' || piece === 'picolibc') {
        expect(remedy.dnf).toBe('(no package known: the RISC-V libraries are those of Debian and Ubuntu)');
        continue;
      }
      expect(remedy.dnf).toMatch(/^sudo dnf install /);
      expect(remedy.brew).toMatch(/^brew install /);
      expect(remedy.winget).toMatch(/^winget install /);
    }
  });

  it('knows the package manager of a system', () => {
    expect(packageManagerFor('darwin')).toBe('brew');
    expect(packageManagerFor('win32')).toBe('winget');
    put('bin/dnf');
    expect(packageManagerFor('linux', [join(root, 'bin')])).toBe('dnf');
    put('bin/apt-get');
    expect(packageManagerFor('linux', [join(root, 'bin')])).toBe('apt');
  });
});
