// Input that nobody would type: too much, too deep, or no text at all. Each ends soon, in words about the input, and
// costs the session nothing.

import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPiped } from '../../host/cli/pipe.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';

let session: Session;
let names: string[];

beforeAll(async () => {
  session = await openSession({ board: 'pico-sim' });
  await session.evaluate('int kept = 7; int twice(int a) { return 2 * a; }');
  names = session.names();
});
afterAll(() => session.close());

/** What became of an input; the prompt looks at it before, and the session is asked afterwards. */
async function outcome(text: string): Promise<string> {
  session.parser.completeness(text);
  const said = await session.evaluate(text).then(
    ({ value }) => `value ${value}`,
    (error) => `${error.code}: ${error.message}`,
  );
  expect((await session.evaluate('1 + 1')).value).toBe('(int) 2');
  expect((await session.evaluate('twice(kept)')).value).toBe('(int) 14');
  expect(session.names()).toEqual(names);
  expect(said.length).toBeLessThan(10_000);
  return said;
}

const DEEP = 2000;
const nested = (open: string, close: string, core = ''): string => open.repeat(DEEP) + core + close.repeat(DEEP);

describe('too much', () => {
  test.each([
    ['a comment of 1 MB', `/*${'x'.repeat(1 << 20)}*/ 5`, /^value \(int\) 5$/],
    ['an expression of 1 MB', `1${'+1'.repeat(1 << 19)}`, /^COMPILE_CRASHED: .*try it in smaller pieces$/s],
    ['a name of 1 MB', 'a'.repeat(1 << 20), /^COMPILE_NAME_TOO_LONG: input_\d+:1: a name of 1048576 letters \(a+…\)/],
    ['a text of 100 KB', `sizeof("${'s'.repeat(100_000)}")`, /^value \(unsigned int\) 100001$/],
    ['100000 initialisers', `sizeof((char[]){${'1,'.repeat(100_000)}})`, /^value \(unsigned int\) 100000$/],
    ['more data than the board has', `int big[] = {${'1,'.repeat(100_000)}};`, /^LINK_ARENA_FULL: .*\(big: 400000\)/],
  ])('%s', async (_what, text, expected) => {
    expect(await outcome(text)).toMatch(expected);
  });
});

describe('too deep', () => {
  test.each([
    ['parentheses', nested('(', ')', '1'), /^COMPILE_FAILED: .*bracket nesting level exceeded/],
    ['blocks', nested('{', '}'), /^COMPILE_FAILED: .*bracket nesting level exceeded/],
    ['a function body', `void deep() ${nested('{', '}')}`, /^COMPILE_FAILED: .*bracket nesting level exceeded/],
    ['subscripts', `kept${nested('[', ']', '0')}`, /^COMPILE_FAILED: input_\d+:1:5: error/],
    ['opening brackets alone', '('.repeat(DEEP), /^COMPILE_FAILED: .*bracket nesting level exceeded/],
    ['closing brackets alone', ')'.repeat(DEEP), /^COMPILE_FAILED: input_\d+:1:1: error: expected expression/],
    [
      'a template',
      'template<int N> struct Deep { static constexpr int v = Deep<N + 1>::v; }; int deep = Deep<0>::v;',
      /^COMPILE_FAILED: .*recursive template instantiation exceeded maximum depth/,
    ],
    [
      'a constant function',
      'constexpr int deep(int n) { return deep(n + 1); } constexpr int depth = deep(0);',
      /^COMPILE_FAILED: .*must be initialized by a constant expression/,
    ],
  ])('%s', async (_what, text, expected) => {
    expect(await outcome(text)).toMatch(expected);
  });

  test('shows of a very long line what is around the mistake', async () => {
    const said = await outcome(`int fine = ${'1 + '.repeat(60)}${'2 + '.repeat(60)}nothing + ${'3 + '.repeat(60)}4;`);
    const [, source = '', caret = ''] = said.split('\n');
    expect(source).toMatch(/^ {4}1 \| ….*2 \+ nothing \+ 3.*…$/);
    expect(source.length).toBeLessThan(140);
    expect(source.indexOf('nothing')).toBe(caret.indexOf('^'));
  });
});

describe('broken', () => {
  test.each([
    ['a missing header', '#include <absent.h>', /^COMPILE_FAILED: input_\d+:1:10: error: 'absent.h' file not found/],
    ['#error', '#error stop here', /^COMPILE_FAILED: input_\d+:1:2: error: stop here/],
    ['#line', '#line 77 "mine.cpp"\nint w = absent;', /^COMPILE_FAILED: mine\.cpp:77:9: error: use of undeclared/],
    ['#if without #endif', '#if 0\nint a;', /^COMPILE_FAILED: input_\d+:1:2: error: unterminated conditional/],
    ['a brace too few', 'int open() { return 1;', /^COMPILE_FAILED: input_\d+:1:\d+: error: expected/],
    ['a brace too many', 'int shut() { return 1; } }', /^COMPILE_FAILED: input_\d+:1:26: error: extraneous closing/],
    ['a comment without an end', '/* on and on', /^COMPILE_FAILED: input_\d+:1:1: error: unterminated \/\* comment/],
    ['a text without an end', 'const char *t = "abc', /^COMPILE_FAILED: input_\d+:1:17: warning: missing terminating/],
    ['a raw text without an end', 'R"(abc', /^COMPILE_FAILED: .*raw string missing terminating delimiter/],
    ['NUL in a name', 'int a\0b = 1;', /^COMPILE_FAILED: .*null character ignored/],
  ])('%s', async (_what, text, expected) => {
    expect(await outcome(text)).toMatch(expected);
  });

  test('bytes from a pipe that are no UTF-8, and NUL', async () => {
    const values: string[] = [];
    const errors: string[] = [];
    const bytes = Buffer.concat([
      Buffer.from('int '),
      Buffer.from([0xc3, 0x20, 0xff, 0xfe]),
      Buffer.from(' = 1;\n\0\0\0\n'),
      Buffer.from([0x80, 0x0a]),
      Buffer.from('1 + 1\n'),
    ]);
    const show = { value: (text: string) => values.push(text), error: (text: string) => errors.push(text) };
    expect(await runPiped(session, Readable.from([bytes]), show, false)).toBe(1);
    expect(values).toEqual(['(int) 2']);
    expect(errors.join('\n')).toContain('unexpected character <U+FFFD>');
    expect(errors.join('\n')).toContain('null character ignored');
    expect(session.names()).toEqual(names);
  });
});
