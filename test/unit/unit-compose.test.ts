import { beforeAll, describe, expect, it } from 'vitest';
import { composeInput } from '../../host/unit/compose.js';
import { type CppParser, loadParser } from '../../host/unit/parser.js';

let parser: CppParser;
beforeAll(async () => {
  parser = await loadParser();
});

/** Where each `needle` stands by the #line directives: file, line, byte column. */
function placesOf(composed: string, needle: string): string[] {
  const places: string[] = [];
  let file = '';
  let line = 0;
  for (const text of composed.split(/\r?\n/)) {
    const mark = /^#line (\d+) "(.*)"$/.exec(text);
    if (mark !== null) {
      line = Number(mark[1]);
      file = mark[2] ?? '';
      continue;
    }
    const at = text.indexOf(needle);
    if (at >= 0) places.push(`${file}:${line}:${Buffer.byteLength(text.slice(0, at)) + 1}`);
    line++;
  }
  return places;
}

const compose = (text: string): string => composeInput(parser.split(text), 3);

describe('composeInput', () => {
  it.each([
    ['NEEDLE', 'input_3:1:1'],
    ['int a;\n  NEEDLE', 'input_3:2:3'],
    ['int a; const int b = 1; NEEDLE', 'input_3:1:25'],
    ['static int a; int f(int NEEDLE) { return 1; }', 'input_3:1:25'],
    ['static const int k = 5; static int NEEDLE = 1;', 'input_3:1:36'],
    ['/* 😀é */ const int NEEDLE = 1;', 'input_3:1:24'],
    ['int a;\r\nconst int b = 1;\r\n\tNEEDLE', 'input_3:3:2'],
    ['int f() { return 1; } int g()\n{ return NEEDLE; }', 'input_3:2:10'],
    ['namespace { int NEEDLE; }', 'input_3:1:17'],
    ['#define A 1\nint NEEDLE;', 'input_3:2:5'],
    ['extern "C" int f() { return NEEDLE; }', 'input_3:1:29'],
    ['auto f = [](int a) { return NEEDLE; };', 'input_3:1:29'],
    ['1 +\n// why\n  NEEDLE', 'input_3:3:3'],
  ])('keeps line and column in %j', (text, place) => {
    expect(placesOf(compose(text), 'NEEDLE')).toEqual([place]);
  });

  it('leaves text without definitions and value as it is', () => {
    expect(compose('int f();\nint x = 1;')).toBe('#line 1 "input_3"\nint f();\nint x = 1;\n');
  });

  it('keeps the optimizer from running what may read a variable', () => {
    const barrier = '#line 1 "<value>"\n{ __asm__ volatile(""); }\n#line 1 "input_3"\n';
    for (const text of ['f(1);', 'int x = y;', 'P p{1};', 'auto z = f();', 'namespace n { int x = y; }']) {
      expect(compose(text)).toContain(barrier);
    }
    for (const text of [
      'int x = -5;',
      'char c = 1;',
      'int a[3];',
      'struct S { int x = 1; };',
      'int f() { return 1; }',
    ]) {
      expect(compose(text)).not.toContain('__asm__');
    }
  });

  it('stores the value of a last expression in __bw_value', () => {
    expect(compose('x')).toContain('static inline decltype(auto) __bw_expr() { return (');
    expect(compose('x')).toContain('__bw_value __asm__("__bw_value")(__bw_expr, __bw_drop);');
    expect(compose('x;')).not.toContain('__bw_value');
    expect(composeInput(parser.split('x'), 3, 'value')).toContain('static inline auto __bw_expr()');
    expect(compose('"abc"')).toContain('return +(');
  });

  it('takes another file name, quoted', () => {
    expect(composeInput(parser.split('int x;'), 1, 'reference', 'a"b\\c.cpp')).toBe(
      '#line 1 "a\\"b\\\\c.cpp"\nint x;\n',
    );
  });
});
