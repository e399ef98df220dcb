// Parts of `show` that need no memory: names, numbers, literals, enums.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BaseType, DwarfType, EnumType } from '../../host/elf/dwarf/types.js';
import { formatEnum } from '../../host/show/enums.js';
import { formatFloat, formatFloatBytes, formatScalar } from '../../host/show/scalars.js';
import { simplifyName } from '../../host/show/simplify-name.js';
import { CHAR_KINDS, quoteChar, quoteString } from '../../host/show/text.js';
import { typeName } from '../../host/show/type-name.js';

describe('names of library types', () => {
  const STRING = 'std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >';
  test.each([
    ['int', 'int'],
    [STRING, 'std::string'],
    ['std::basic_string_view<wchar_t, std::char_traits<wchar_t> >', 'std::wstring_view'],
    ['std::vector<int, std::allocator<int> >', 'std::vector<int>'],
    [`std::vector<${STRING}, std::allocator<${STRING} > >`, 'std::vector<std::string>'],
    [
      `std::map<${STRING}, int, std::less<${STRING} >, std::allocator<std::pair<const ${STRING}, int> > >`,
      'std::map<std::string, int>',
    ],
    [
      'std::map<int, int, std::greater<int>, std::allocator<std::pair<const int, int> > >',
      'std::map<int, int, std::greater<int>>',
    ],
    [
      'std::unordered_map<int, char, std::hash<int>, std::equal_to<int>, std::allocator<std::pair<const int, char> > >',
      'std::unordered_map<int, char>',
    ],
    ['std::unique_ptr<P, std::default_delete<P> >', 'std::unique_ptr<P>'],
    ['std::pair<int, std::allocator<int> >', 'std::pair<int, std::allocator<int>>'],
    ['std::array<unsigned char, 3U>', 'std::array<unsigned char, 3>'],
    ['std::span<int, 4294967295U>', 'std::span<int>'],
    ['std::stack<int, std::deque<int, std::allocator<int> > >', 'std::stack<int>'],
    ['std::chrono::duration<long long, std::ratio<1LL, 1000LL> >', 'std::chrono::milliseconds'],
    ['std::chrono::duration<long long, std::ratio<1LL, 1LL> >', 'std::chrono::seconds'],
    ['std::function<void (int, std::allocator<int>)>', 'std::function<void (int, std::allocator<int>)>'],
    ['std::vector<int, MyAllocator<int> >', 'std::vector<int, MyAllocator<int>>'],
    ['my::vector<int, std::allocator<int> >', 'my::vector<int, std::allocator<int>>'],
    ['std::vector<int, std::allocator<int> >::iterator', 'std::vector<int>::iterator'],
    ['std::vector<int, std::allocator<int>>::push_back(int const&)', 'std::vector<int>::push_back(int const&)'],
    ['Holder<(lambda at input_1:3:5)>', 'Holder<(lambda)>'],
    ['long unsigned int', 'unsigned long'],
    ['operator<(P, P)', 'operator<(P, P)'],
    ['a < b', 'a < b'],
  ])('%s', (name, simple) => {
    expect(simplifyName(name)).toBe(simple);
  });

  test('never fail and never hang, whatever the text', () => {
    const parts = fc.constantFrom(
      'std::vector',
      '<',
      '>',
      ',',
      '(',
      ')',
      ' ',
      'int',
      'operator',
      '::',
      '(lambda',
      '3U',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 60 }), (list) => {
        expect(typeof simplifyName(list.join(''))).toBe('string');
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(simplifyName('A<'.repeat(5000)).length).toBeGreaterThan(0);
  });
});

const INT: BaseType = { kind: 'base', name: 'int', encoding: 'signed', signed: true, sizeBytes: 4 };
const pointerTo = (target: DwarfType): DwarfType => ({ kind: 'pointer', target, sizeBytes: 4 });
const arrayOf = (element: DwarfType, count: number): DwarfType => ({ kind: 'array', element, count, vector: false });
const functionOf = (result: DwarfType, ...parameters: DwarfType[]): DwarfType => ({
  kind: 'function',
  result,
  parameters,
  variadic: false,
  method: false,
});
const constant = (target: DwarfType): DwarfType => ({ kind: 'const', target });

describe('declarators', () => {
  test.each<[string, DwarfType]>([
    ['int', INT],
    ['int *', pointerTo(INT)],
    ['int **', pointerTo(pointerTo(INT))],
    ['const int *', pointerTo(constant(INT))],
    ['int *const', constant(pointerTo(INT))],
    ['const int *const *', pointerTo(constant(pointerTo(constant(INT))))],
    ['int[2][3]', arrayOf(arrayOf(INT, 3), 2)],
    ['int *[2]', arrayOf(pointerTo(INT), 2)],
    ['int (*)[3]', pointerTo(arrayOf(INT, 3))],
    ['const int[3]', constant(arrayOf(INT, 3))],
    ['int (int, int *)', functionOf(INT, INT, pointerTo(INT))],
    ['int (*)(int)', pointerTo(functionOf(INT, INT))],
    ['int (*(*)(int))(int)', pointerTo(functionOf(pointerTo(functionOf(INT, INT)), INT))],
    ['void (*[2])()', arrayOf(pointerTo(functionOf({ kind: 'void' })), 2)],
    ['int (&)[3]', { kind: 'reference', target: arrayOf(INT, 3), sizeBytes: 4 }],
    ['int &&', { kind: 'rvalue reference', target: INT, sizeBytes: 4 }],
  ])('%s', (name, type) => {
    expect(typeName(type)).toBe(name);
  });

  test('end in a mark when a type contains itself', () => {
    const loop: { kind: 'pointer'; target: DwarfType; sizeBytes: number } = {
      kind: 'pointer',
      target: INT,
      sizeBytes: 4,
    };
    loop.target = loop;
    expect(typeName(loop)).toContain('…');
  });
});

describe('floating point', () => {
  test('reads back as the same bits, double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) =>
        Object.is(Number(formatFloat(value, 8).replace('inf', 'Infinity')), value),
      ),
      { seed: 2, numRuns: 2000 },
    );
  });

  test('reads back as the same bits, float, in no more digits than a double needs', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const text = formatFloat(value, 4);
        expect(Math.fround(Number(text.replace('inf', 'Infinity')))).toBe(value);
        expect(text.replace(/e.*|[-.]|^0+/g, '').length).toBeLessThanOrEqual(18);
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  test.each([
    [[0x00, 0x3c], '1.0'],
    [[0x66, 0x2e], '0.1'],
    [[0xff, 0x7b], '65500.0'],
    [[0x01, 0x00], '6e-08'],
    [[0x00, 0xfc], '-inf'],
  ])('binary16 %j is %s', (bytes, text) => {
    expect(formatFloatBytes(Uint8Array.from(bytes))).toBe(text);
  });

  test.each([
    ['3fff0000000000000000000000000000', '1.0'],
    ['3fff8000000000000000000000000000', '1.5'],
    ['c0004000000000000000000000000000', '-2.5'],
    ['3ffb999999999999999999999999999a', '0.1'],
    ['7fff0000000000000000000000000000', 'inf'],
    ['00000000000000000000000000000000', '0.0'],
  ])('binary128 %s is %s', (hex, text) => {
    expect(formatFloatBytes(Uint8Array.from(Buffer.from(hex, 'hex')).reverse())).toBe(text);
  });

  test('int128 keeps every digit', () => {
    const type: BaseType = { kind: 'base', name: '__int128', encoding: 'signed', signed: true, sizeBytes: 16 };
    expect(formatScalar(type, new Uint8Array(16).fill(0xff))).toBe('-1');
    expect(
      formatScalar(
        type,
        Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 0x7f : 0xff)),
      ),
    ).toBe('170141183460469231731687303715884105727');
  });
});

describe('literals', () => {
  test('escape what a terminal would act on or hide', () => {
    const text = new TextEncoder().encode('\u001b[31m\u202e\u200b\u0085"\\');
    expect(quoteString(CHAR_KINDS.char!, text)).toBe('"\\033[31m\\u202e\\u200b\\u0085\\"\\\\"');
  });

  test('write bytes that are no UTF-8 in octal', () => {
    expect(quoteString(CHAR_KINDS.char!, Uint8Array.of(0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80))).toBe(
      '"\\303(\\377\\355\\240\\200"',
    );
  });

  test('show lone surrogates and impossible code points as numbers', () => {
    expect(quoteString(CHAR_KINDS.char16_t!, Uint8Array.of(0x00, 0xd8, 0x41, 0))).toBe('u"\\ud800A"');
    expect(quoteString(CHAR_KINDS.char32_t!, Uint8Array.of(0, 0, 0x11, 0))).toBe('U"\\x110000"');
  });

  test('quote \' in characters and " in strings only', () => {
    expect(quoteChar(CHAR_KINDS.char!, 0x27)).toBe("'\\''");
    expect(quoteChar(CHAR_KINDS.char!, 0x22)).toBe("'\"'");
    expect(quoteString(CHAR_KINDS.char!, Uint8Array.of(0x27))).toBe('"\'"');
  });
});

test('enumerators that count are not taken for flags', () => {
  const type: EnumType = {
    kind: 'enum',
    name: 'E',
    scopes: [],
    scoped: false,
    signed: false,
    sizeBytes: 1,
    underlying: undefined,
    declaration: false,
    enumerators: [1n, 2n, 3n, 4n, 5n].map((value) => ({ name: `e${value}`, value })),
  };
  expect(formatEnum(type, 3n)).toBe('e3');
  expect(formatEnum(type, 6n)).toBe('6');
  expect(formatEnum(type, 9n)).toBe('9');
});
