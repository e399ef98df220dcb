import { describe, expect, test } from 'vitest';
import { LM3S6965EVB } from '../../boards/lm3s6965evb.js';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { VIRT_RV32 } from '../../boards/virt-rv32.js';
import { type DoctorFacts, judge, loadedBytes } from '../../host/cli/doctor-report.js';
import { REMEDIES } from '../../host/toolchain/remedies.js';
import type { Missing, Toolchain } from '../../host/toolchain/toolchain.js';

const whole: Toolchain = {
  clang: { path: '/usr/bin/clang-19', major: 19, identity: '', resourceIncludeDir: '' },
  lld: '/usr/bin/ld.lld',
  llvmAr: '/usr/bin/llvm-ar',
  gccVersion: '12.2.1',
  includeDirs: [],
  archiveDirs: ['/usr/lib/arm/thumb'],
  qemu: '/usr/bin/qemu-system-arm',
  missing: [],
};

const healthy: DoctorFacts = {
  nodeVersion: '20.20.2',
  packageManager: 'apt',
  boards: [MPS2_AN385, LM3S6965EVB].map((board) => ({ board, toolchain: whole, imageBytes: 3200 })),
  npmClang: undefined,
  ports: [],
  folders: [{ name: 'cache', path: '/home/u/.cache/barewire', problem: undefined }],
};

function lacking(piece: Missing['piece'], reason: string, without: Partial<Toolchain>): DoctorFacts['boards'] {
  const missing = [{ piece, reason, remedy: REMEDIES[piece] }];
  return healthy.boards.map((each) => ({ ...each, toolchain: { ...whole, ...without, missing } }));
}

describe('the report', () => {
  test('of a machine that has everything is a table in columns', () => {
    expect(judge(healthy)).toEqual({
      ok: true,
      lines: [
        'ok  Node                        20.20.2',
        'ok  clang                       19, /usr/bin/clang-19',
        'ok  ld.lld                      /usr/bin/ld.lld',
        'ok  llvm-ar                     /usr/bin/llvm-ar',
        'ok  QEMU                        /usr/bin/qemu-system-arm',
        '–   clang from npm              not installed: `npm install --include=optional` brings it (106 MB), for the board wasm',
        'ok  libraries thumb/v7-m/nofp   /usr/lib/arm/thumb',
        'ok  stub qemu-mps2-an385        3,200 bytes',
        'ok  stub qemu-lm3s6965evb       3,200 bytes',
        '–   serial ports                none (simulated boards need none)',
        'ok  cache folder                /home/u/.cache/barewire',
        '',
        'everything is there',
      ].map((line) => line.replace(/^(.{3}) (.{26}) /, '$1 $2')),
    });
  });

  test('of a machine without clang says why and names the one command of its package manager', () => {
    const boards = lacking('clang', 'no clang 16 or newer', { clang: undefined });
    const { ok, lines } = judge({ ...healthy, boards, packageManager: 'dnf' });
    expect(ok).toBe(false);
    expect(lines.find((line) => line.includes('clang'))).toMatch(/^missing +clang +no clang 16 or newer$/);
    const withNpm = judge({ ...healthy, boards, npmClang: '22.0.0' }).lines;
    expect(withNpm).toContainEqual(expect.stringMatching(/^ok +clang from npm +22\.0\.0$/));
    expect(withNpm).toContain('1 missing (the board wasm needs none of it); this mends it:');
    expect(lines.slice(-2)).toEqual(['1 missing; this mends it:', '  sudo dnf install clang']);
  });

  test('of a machine that lacks what RISC-V boards need says so for them alone', () => {
    const missing = (['picolibc', 'qemu-riscv'] as const).map((piece) => ({
      piece,
      reason: `no ${piece}`,
      remedy: REMEDIES[piece],
    }));
    const riscv = { board: VIRT_RV32, toolchain: { ...whole, qemu: undefined, missing }, imageBytes: 3900 };
    const { ok, lines } = judge({ ...healthy, boards: [...healthy.boards, riscv] });
    expect(ok).toBe(false);
    expect(lines.filter((line) => line.startsWith('missing'))).toEqual([
      expect.stringMatching(/^missing +QEMU for RISC-V +no qemu-riscv$/),
      expect.stringMatching(/^missing +libraries rv32imac\/ilp32 +no picolibc$/),
    ]);
    expect(lines.find((line) => / QEMU /.test(line))).toContain('/usr/bin/qemu-system-arm');
    expect(lines.at(-1)).toBe('  sudo apt-get install picolibc-riscv64-unknown-elf qemu-system-misc');
  });

  test('of a machine whose libraries lack a multilib says which', () => {
    const boards = lacking('newlib', 'no libc_nano.a for thumb/v7-m/nofp', {});
    const { lines } = judge({ ...healthy, boards });
    expect(lines.find((line) => line.includes('libraries'))).toMatch(/^missing .*no libc_nano\.a for thumb/);
    expect(lines.at(-1)).toBe('  sudo apt-get install libnewlib-arm-none-eabi');
  });

  test('of images that are not built names the command that builds them', () => {
    const boards = healthy.boards.map((each) => ({ ...each, imageBytes: undefined }));
    expect(judge({ ...healthy, boards }).lines.at(-1)).toBe('  npm run firmware');
  });

  test('of a folder that cannot be written names the folder and the variables', () => {
    const folders = [{ name: 'state', path: '/state', problem: 'EACCES' }];
    const { ok, lines } = judge({ ...healthy, folders });
    expect(ok).toBe(false);
    expect(lines.at(-1)).toContain('make writable: /state');
  });

  test('of an old Node says which is needed', () => {
    expect(judge({ ...healthy, nodeVersion: '18.19.0' }).lines.at(-1)).toBe('  install Node 20 or newer');
  });

  test('lists serial ports, and is none the worse when they cannot be listed', () => {
    const line = (ports: DoctorFacts['ports']) =>
      judge({ ...healthy, ports }).lines.find((text) => text.includes('serial'));
    expect(line(['/dev/ttyACM0 (Raspberry Pi)'])).toMatch(/^ok +serial ports +\/dev\/ttyACM0 \(Raspberry Pi\)$/);
    expect(line({ reason: 'no udev' })).toMatch(/cannot be listed: no udev$/);
    expect(judge({ ...healthy, ports: { reason: 'no udev' } }).ok).toBe(true);
  });
});

describe('the size of an image', () => {
  function elf(segments: readonly (readonly [type: number, fileBytes: number])[]): Buffer {
    const bytes = Buffer.alloc(52 + 32 * segments.length);
    bytes.write('\x7fELF', 'latin1');
    bytes.writeUInt32LE(52, 28);
    bytes.writeUInt16LE(32, 42);
    bytes.writeUInt16LE(segments.length, 44);
    segments.forEach(([type, size], i) => {
      bytes.writeUInt32LE(type, 52 + 32 * i);
      bytes.writeUInt32LE(size, 52 + 32 * i + 16);
    });
    return bytes;
  }

  test('is the sum of what its segments load', () => {
    expect(
      loadedBytes(
        elf([
          [1, 3000],
          [4, 500],
          [1, 24],
        ]),
      ),
    ).toBe(3024);
  });

  test('of a file that is cut short, no ELF, or loads nothing is not known', () => {
    expect(loadedBytes(elf([[1, 3000]]).subarray(0, 70))).toBeUndefined();
    expect(loadedBytes(Buffer.from('hello'))).toBeUndefined();
    expect(loadedBytes(Buffer.alloc(100))).toBeUndefined();
    expect(loadedBytes(elf([[4, 500]]))).toBeUndefined();
  });
});
