// Which board is taken when none is named, and the words for clang from npm that is not there.

import { expect, test } from 'vitest';
import { mountedPath, mountFlags, mountIncludes, withoutMounts } from '../../host/compile/yowasp/mounts.js';
import { type Choice, defaultBoard } from '../../host/session/default-board.js';
import { findYowasp, requireYowasp } from '../../host/toolchain/find-yowasp.js';
import { REMEDIES } from '../../host/toolchain/remedies.js';

const clang = { path: '/usr/bin/clang-19', major: 19, identity: '', resourceIncludeDir: '' };
const lacking = (piece: 'clang' | 'newlib', reason: string): Choice['toolchain'] => ({
  clang: piece === 'clang' ? undefined : clang,
  missing: [{ piece, reason, remedy: REMEDIES[piece] }],
});

test('a machine with clang and its libraries has the simulated Pico', () => {
  const choice = { toolchain: { clang, missing: [] }, npm: true };
  expect(defaultBoard(undefined, choice)).toEqual({
    name: 'pico-sim',
    why: 'board pico-sim: clang 19 and its libraries are here',
    isUsual: true,
  });
});

test('a machine without one of them has the board for clang from npm', () => {
  expect(defaultBoard(undefined, { toolchain: lacking('clang', 'no clang 16 or newer'), npm: true })).toEqual({
    name: 'wasm',
    why: 'board wasm, compiled for by clang from npm: no clang 16 or newer on this machine (`npx barewire doctor`)',
    isUsual: false,
  });
  expect(defaultBoard(undefined, { toolchain: lacking('newlib', 'no libc_nano.a'), npm: true }).name).toBe('wasm');
});

test('without either it is the Pico, whose error says what to install; so it is for whoever names a compiler', () => {
  const toolchain = lacking('clang', 'no clang 16 or newer');
  expect(defaultBoard(undefined, { toolchain, npm: false })).toEqual({
    name: 'pico-sim',
    why: 'board pico-sim, though there is no clang 16 or newer, nor clang from npm, which `npm install --include=optional` brings, for the board wasm',
    isUsual: false,
  });
  expect(defaultBoard('/opt/clang', { toolchain, npm: true }).name).toBe('pico-sim');
});

test('clang from npm that was left out is told with the command that brings it', () => {
  const absent = findYowasp(() => {
    throw new Error('ERR_MODULE_NOT_FOUND');
  });
  expect(absent).toBeUndefined();
  expect(() => requireYowasp(() => absent)).toThrow(
    expect.objectContaining({
      code: 'TOOLCHAIN_NO_NPM_CLANG',
      message: expect.stringMatching(
        /^the board wasm needs the package @yowasp\/clang, which is not installed.*\n.*npm install --include=optional/,
      ),
    }),
  );
});

test("this machine's headers are seen below /host, and messages name them as they are", () => {
  expect(mountedPath('/home/me/inc')).toBe('/host/home/me/inc');
  expect(mountFlags(['-I/home/me', '-isystem', '/opt/x', '-O2']).flags).toEqual([
    '-I/host/home/me',
    '-isystem',
    '/host/opt/x',
    '-O2',
  ]);
  expect(mountIncludes('#include <vector>\n#include "/a/b.h"\n')).toEqual({
    text: '#include <vector>\n#include "/host/a/b.h"\n',
    paths: ['/a'],
  });
  expect(withoutMounts('/host/a/b.h:1:1: error: x')).toBe('/a/b.h:1:1: error: x');
});
