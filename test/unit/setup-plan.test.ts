import { describe, expect, test } from 'vitest';
import { firmwareError } from '../../host/cli/build-firmware.js';
import { aptFailedError, mustInstallError, unavailableError } from '../../host/cli/setup.js';
import {
  PROMPT_PIECES,
  parseAptPolicy,
  planSetup,
  remedyOf,
  type SetupMachine,
  TEST_PIECES,
} from '../../host/cli/setup-plan.js';

const ARM = ['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi', 'libstdc++-arm-none-eabi-newlib', 'qemu-system-arm'];
const RISCV = ['gcc-riscv64-unknown-elf', 'picolibc-riscv64-unknown-elf', 'qemu-system-misc'];
const NATIVE = ['gcc', 'libc6-dev'];
const TESTS = ['ser2net', 'socat', 'libclang-rt-19-dev', 'cmake', 'make'];

function offering(...packages: readonly (string | readonly [name: string, major: number])[]): SetupMachine['offers'] {
  return new Map(packages.map((each) => (typeof each === 'string' ? [each, 1] : each)));
}

function llvm(major: number): string[] {
  return ['clang', 'lld', 'llvm'].map((name) => `${name}-${major}`);
}

const debian12: SetupMachine = {
  apt: true,
  privilege: 'root',
  offers: offering(
    ...llvm(16),
    ...llvm(19),
    ['clang', 14],
    ['lld', 14],
    ['llvm', 14],
    ...ARM,
    ...NATIVE,
    ...RISCV,
    ...TESTS,
  ),
  refreshed: false,
};

describe('the plan', () => {
  test('is nothing when nothing is missing, whatever the machine', () => {
    expect(planSetup([], { apt: false, privilege: 'none', offers: new Map(), refreshed: false })).toEqual({
      kind: 'nothing',
    });
  });

  test('installs on Debian 12 what the tests need, with clang 19', () => {
    expect(planSetup(TEST_PIECES, debian12)).toEqual({
      kind: 'install',
      packages: [...llvm(19), ...ARM, ...NATIVE, ...TESTS, ...RISCV],
    });
  });

  test('leaves the simulator and the native compiler to the tests', () => {
    expect(planSetup(PROMPT_PIECES, debian12)).toEqual({
      kind: 'install',
      packages: [...llvm(19), ...ARM.filter((name) => name !== 'qemu-system-arm')],
    });
  });

  test('installs only what is missing', () => {
    expect(planSetup(['newlib'], { ...debian12, privilege: 'sudo' })).toEqual({
      kind: 'install',
      packages: ['libnewlib-arm-none-eabi'],
    });
  });

  test('takes the newest clang that is offered where there is no clang 19', () => {
    const offers = offering(...llvm(16), ...llvm(18));
    expect(planSetup(['clang', 'lld'], { ...debian12, offers })).toEqual({
      kind: 'install',
      packages: ['clang-18', 'lld-18'],
    });
  });

  test('takes a package without a number only if its version is new enough', () => {
    const plan = (major: number) =>
      planSetup(['clang'], { ...debian12, offers: offering(['clang', major]), refreshed: true }).kind;
    expect(plan(17)).toBe('install');
    expect(plan(15)).toBe('unavailable');
  });

  test('reads the package lists first when a package is not offered, and gives up when it still is not', () => {
    const bare = { ...debian12, offers: new Map<string, number>() };
    expect(planSetup(['clang'], bare)).toEqual({ kind: 'refresh' });
    const still = planSetup(['clang', 'gcc'], { ...bare, offers: offering('gcc-arm-none-eabi'), refreshed: true });
    expect(still.kind).toBe('unavailable');
    expect(still.kind === 'unavailable' && still.choices).toHaveLength(1);
  });

  test('asks the user where there is no apt, or no right to use it', () => {
    expect(planSetup(['clang'], { ...debian12, apt: false })).toEqual({ kind: 'ask' });
    expect(planSetup(['clang'], { ...debian12, privilege: 'none' })).toEqual({ kind: 'ask' });
  });
});

test('the candidates of apt-cache policy are read with their major versions', () => {
  const text = [
    'clang-19:',
    '  Installed: (none)',
    '  Candidate: 1:19.1.7-3~deb12u1',
    '  Version table:',
    '     1:19.1.7-3~deb12u1 500',
    'clang-20:',
    '  Installed: (none)',
    '  Candidate: (none)',
    'libstdc++-arm-none-eabi-newlib:',
    '  Installed: 15:12.2.rel1-1+23',
    '  Candidate: 15:12.2.rel1-1+23',
    '',
  ].join('\n');
  expect([...parseAptPolicy(text)]).toEqual([
    ['clang-19', 19],
    ['libstdc++-arm-none-eabi-newlib', 12],
  ]);
});

describe('errors', () => {
  test('CLI_SETUP_MISSING names what is missing and the command for each system', () => {
    const pieces = [
      { piece: 'clang', reason: 'no clang 16 or newer', remedy: remedyOf('clang') },
      { piece: 'cc', reason: 'no native C compiler (cc, gcc)', remedy: remedyOf('cc') },
    ] as const;
    const error = mustInstallError(pieces, 'Neither root nor passwordless sudo: please run it yourself.');
    expect(error.code).toBe('CLI_SETUP_MISSING');
    expect(error.message.split('\n')).toEqual([
      'this machine lacks part of the toolchain:',
      '  no clang 16 or newer',
      '  no native C compiler (cc, gcc)',
      'install it with',
      expect.stringMatching(/^ {2}apt: +sudo apt-get install .*clang-19.*libc6-dev/),
      expect.stringMatching(/^ {2}dnf: +sudo dnf install .*clang/),
      expect.stringMatching(/^ {2}brew: +brew install llvm/),
      expect.stringMatching(/^ {2}winget: +winget install LLVM\.LLVM/),
      'Neither root nor passwordless sudo: please run it yourself.',
    ]);
    expect(mustInstallError(pieces, '', true).message).toMatch(
      /\nOr install nothing: `npm ci` without --omit brings clang from npm \(106 MB\), and with it the board wasm\.$/,
    );
  });

  test("CLI_SETUP_APT shows the command and the end of apt's own words", () => {
    const output = Array.from({ length: 50 }, (_, i) => `line ${i}`).join('\n');
    const error = aptFailedError(['apt-get', 'install', 'x'], `${output}\nE: no space left\n`);
    expect(error.code).toBe('CLI_SETUP_APT');
    const lines = error.message.split('\n');
    expect(lines[0]).toBe('`apt-get install x` failed; its last words:');
    expect(lines.at(-1)).toBe('  E: no space left');
    expect(lines).toHaveLength(21);
  });

  test('CLI_SETUP_FIRMWARE shows what the build said', () => {
    const error = firmwareError('FIRMWARE_NO_LLD: no ld.lld\n');
    expect(error.code).toBe('CLI_SETUP_FIRMWARE');
    expect(error.message).toBe(
      'the stub images could not be built; `npm run firmware` said:\nFIRMWARE_NO_LLD: no ld.lld',
    );
  });

  test('CLI_SETUP_UNAVAILABLE names the packages looked for and another way', () => {
    const error = unavailableError([['clang-19', 'clang-18', 'clang']]);
    expect(error.code).toBe('CLI_SETUP_UNAVAILABLE');
    expect(error.message).toContain('  clang-19 or clang-18 or clang\n');
    expect(error.message).toContain('BAREWIRE_CLANG');
  });
});
