// The demangler beside LLVM's, on every symbol of the C++ library.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readArchive } from '../../host/elf/archive.js';
import { demangle } from '../../host/elf/demangle.js';
import { archivePath, tool } from './link-support.js';

test.each([
  ['_Z1fi', 'f(int)'],
  ['_Z3addIiET_S0_S0_', 'int add<int>(int, int)'],
  ['_ZN2ns3BoxIiE3putERKiPFvPKcE', 'ns::Box<int>::put(int const&, void (*)(char const*))'],
  ['_ZNK5Point4normEv', 'Point::norm() const'],
  ['_ZN5PointC1Eff', 'Point::Point(float, float)'],
  ['_ZN5PointD0Ev', 'Point::~Point()'],
  ['_ZplRK5PointS1_', 'operator+(Point const&, Point const&)'],
  ['_ZTV5Point', 'vtable for Point'],
  ['_ZZ1hiE1n', 'h(int)::n'],
  ['_ZN12_GLOBAL__N_13oneE', '(anonymous namespace)::one'],
  ['_ZL2sqi', 'sq(int)'],
  ['_Z4sortPA3_i', 'sort(int (*) [3])'],
  ['_Z5printIJicdEEvDpT_', 'void print<int, char, double>(int, char, double)'],
  [
    '_ZNSsC1EPKcRKSaIcE',
    'std::basic_string<char, std::char_traits<char>, std::allocator<char>>::basic_string(char const*, std::allocator<char> const&)',
  ],
  ['_Z1fILb1ELin3EEvv', 'void f<true, -3>()'],
])('spells %s as %s', (mangled, wanted) => {
  expect(demangle(mangled)).toBe(wanted);
});

test.each([
  'main',
  '',
  '_Z',
  '_Zzz',
  '_Z1',
  '_ZN1a',
  '_Z1fS9_',
  '_Z99f',
  `_Z1f${'P'.repeat(5000)}i`,
  '_Z1fIXadL_Z1gvEEEvv',
])('gives back %s, which it cannot read', (name) => {
  expect(demangle(name)).toBe(name);
});

test('spells every name of libstdc++ as LLVM does', () => {
  const library = archivePath('libstdc++_nano.a', 'v6-m');
  const archive = readArchive(readFileSync(library), 'libstdc++_nano.a');
  const names = [...archive.symbols.keys()].filter((name) => name.startsWith('_Z'));
  const wanted = execFileSync(tool('llvm-cxxfilt'), { input: names.join('\n'), encoding: 'utf8' })
    .trimEnd()
    .split('\n');
  const different = names.filter((name, i) => demangle(name) !== wanted[i]);
  expect(names.length).toBeGreaterThan(1000);
  expect(different).toEqual([]);
});
