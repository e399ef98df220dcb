import { describe, expect, it } from 'vitest';
import { parseDiagnostics, renderDiagnostics } from '../../host/compile/diagnostics.js';

const parse = (stderr: string, text: string, valueOffset?: number) =>
  parseDiagnostics(stderr, { file: 'input_3', text, valueOffset });

describe('diagnostics', () => {
  it("show the user's own line where the composed one has blanks", () => {
    const stderr =
      'In file included from <earlier inputs>:4:\n' +
      "input_3:1:16:{1:16-1:17}: error: use of undeclared identifier 'y'\n" +
      '    1 |        int x = y;\n' +
      '      |                ^\n' +
      '1 error generated.\n';
    expect(renderDiagnostics(parse(stderr, 'static int x = y;'))).toBe(
      "input_3:1:16: error: use of undeclared identifier 'y'\n    1 | static int x = y;\n      |                ^",
    );
  });

  it('carry place, ranges, option and notes as data', () => {
    const stderr =
      'input_3:2:3:{2:3-2:4}{2:7-2:8}: warning: something odd [-Wodd]\n    2 |   a = b;\n      |   ~ ^ ~\n' +
      'input_3:1:5: note: declared here\n    1 | int a;\n      |     ^\n';
    const [first, ...rest] = parse(stderr, 'int a;\n  a = b;');
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      severity: 'warning',
      file: 'input_3',
      line: 2,
      column: 3,
      option: '-Wodd',
      message: 'something odd',
      ranges: [
        { line: 2, column: 3, endLine: 2, endColumn: 4 },
        { line: 2, column: 7, endLine: 2, endColumn: 8 },
      ],
    });
    expect(first?.notes).toMatchObject([{ severity: 'note', line: 1, message: 'declared here' }]);
  });

  it('say which header has a name of the standard library', () => {
    const unknown = (name: string) =>
      renderDiagnostics(parse(`input_3:1:6: error: no template named '${name}' in namespace 'std'\n`, 'x'));
    expect(unknown('deque')).toBe(
      "input_3:1:6: error: no template named 'deque' in namespace 'std'\nnote: std::deque needs `#include <deque>`",
    );
    expect(unknown('constructor')).not.toContain('note:');
  });

  it('keep fix-it lines', () => {
    const stderr = "input_3:1:8: error: expected ';' after expression\n    1 | f(1) g\n      |     ^\n      |     ;\n";
    expect(renderDiagnostics(parse(stderr, 'f(1) g'))).toMatch(/\n {6}\| {5};$/);
  });

  it('expand tabs as clang does', () => {
    const stderr = 'input_3:1:2: error: no\n    1 |         x\n      |         ^\n';
    expect(parse(stderr, '\tx')[0]?.snippet[0]).toBe('    1 |         x');
  });

  it('leave out notes about the wrapper and give errors about it the place of the expression', () => {
    const stderr =
      "<value>:1:3: error: no matching constructor for initialization of '__bw::Slot<int>'\n    1 | ); }\n      |   ^\n" +
      '/cache/pch/1/prefix.h:50:3: note: candidate constructor not viable\n   50 | x\n      | ^\n';
    expect(renderDiagnostics(parse(stderr, 'int a;\n  oops', 9))).toBe(
      'input_3:2:3: error: no matching constructor for initialization of the value\n    2 |   oops\n      |   ^',
    );
  });

  it('do not say where in the earlier declarations a note points', () => {
    const stderr =
      'input_3:1:5: error: redefinition\n<earlier inputs>:7:5: note: previous definition is here\n    7 | int a;\n      |     ^\n';
    expect(renderDiagnostics(parse(stderr, 'int a;'))).toContain('\nnote: previous definition is here\n    7 | int a;');
  });

  it('read an error without a place', () => {
    expect(parse('fatal error: too many errors emitted, stopping now [-ferror-limit=]\n', '')).toMatchObject([
      { severity: 'error', file: undefined },
    ]);
  });

  it('make nothing of an empty text', () => expect(parse('', '')).toEqual([]));
});
