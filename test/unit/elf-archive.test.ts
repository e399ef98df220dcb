// The archive reader on the toolchain's libraries and on damaged ones.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BarewireError } from '../../host/diag/error.js';
import { readArchive } from '../../host/elf/archive.js';
import { archivePath, errorOf, tool } from './link-support.js';

const path = archivePath('libgcc.a', 'v6-m');
const bytes = readFileSync(path);

describe('libgcc.a', () => {
  const archive = readArchive(bytes, 'libgcc.a');

  test('has the symbols that nm finds in its index', () => {
    const listing = execFileSync(tool('llvm-nm'), ['--print-armap', path], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const map = listing.slice(
      listing.indexOf('Archive map\n') + 12,
      listing.indexOf('\n\n', listing.indexOf('Archive map\n')),
    );
    const wanted = new Map(
      map
        .trim()
        .split('\n')
        .map((line) => line.split(' in ') as [string, string])
        .reverse(),
    );
    expect(archive.symbols.size).toBe(wanted.size);
    for (const [symbol, member] of wanted) {
      expect(archive.member(archive.symbols.get(symbol)!).name).toBe(`libgcc.a(${member})`);
    }
  });

  test('parses a member when it is asked for, and once', () => {
    const index = archive.symbols.get('__aeabi_idiv')!;
    expect(archive.member(index).symbols.some((it) => it.name === '__aeabi_idiv' && it.type === 'func')).toBe(true);
    expect(archive.member(index)).toBe(archive.member(index));
  });

  test('says so when there is no such member', () => {
    expect(errorOf(() => archive.member(100_000)).message).toContain('and no number 100000');
  });
});

test('long member names come from the name table', () => {
  const libc = readArchive(readFileSync(archivePath('libc_nano.a', 'v6-m')), 'libc_nano.a');
  expect(libc.member(libc.symbols.get('_printf_common')!).name).toBe('libc_nano.a(lib_a-nano-vfprintf_i.o)');
});

test('a file that is no archive', () => {
  const error = errorOf(() => readArchive(bytes.subarray(8), 'a.a'));
  expect(error.code).toBe('ELF_NOT_ARCHIVE');
  expect(error.message).toBe('a.a is no archive: it does not start with "!<arch>"');
});

test('an archive without an index', () => {
  const header = Buffer.from(`!<arch>\n${'a.o/'.padEnd(48)}${'0'.padEnd(10)}\x60\n`, 'latin1');
  const error = errorOf(() => readArchive(header, 'a.a'));
  expect(error.code).toBe('ELF_NO_INDEX');
  expect(error.message).toBe('a.a has no symbol index: run `ranlib a.a`');
});

test('an archive cut anywhere gives a coded error, or an archive whose members do', () => {
  const step = Math.ceil(bytes.length / 40);
  for (let length = 0; length < bytes.length; length += length < 200 ? 1 : step) {
    try {
      const archive = readArchive(bytes.subarray(0, length), 'a.a');
      for (let i = 0; i < archive.memberCount; i++) archive.member(i);
    } catch (error) {
      expect(error, `${length} bytes: ${String(error)}`).toBeInstanceOf(BarewireError);
      expect((error as BarewireError).code).toMatch(/^ELF_/);
    }
  }
});
