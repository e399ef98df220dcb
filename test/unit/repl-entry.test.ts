import { describe, expect, test } from 'vitest';
import {
  findCommand,
  helpText,
  nearestName,
  type ReplCommand,
  splitCommand,
  unknownCommand,
  withBuiltins,
} from '../../host/repl/commands.js';
import { completeLine } from '../../host/repl/completion.js';
import { addLine } from '../../host/repl/entry.js';
import { nextPiece } from '../../host/repl/input-gate.js';

const braces = (text: string) => {
  const depth = text.split('{').length - text.split('}').length;
  return depth > 0 ? 'incomplete' : depth < 0 ? 'invalid' : 'complete';
};
const typed = { completeness: braces, pasting: false, nextLine: undefined } as const;

describe('Enter', () => {
  test('hands out a line that is complete', () => {
    expect(addLine([], '1 + 1', typed)).toEqual({ kind: 'input', text: '1 + 1' });
  });

  test('asks for more while a brace is open, and hands out all lines when it is closed', () => {
    expect(addLine([], 'int f() {', typed)).toEqual({ kind: 'pending', lines: ['int f() {'] });
    expect(addLine(['int f() {'], '}', typed)).toEqual({ kind: 'input', text: 'int f() {\n}' });
  });

  test('hands out what can never become valid, so that the compiler can say why', () => {
    expect(addLine([], '}', typed)).toEqual({ kind: 'input', text: '}' });
  });

  test('does nothing on a blank line', () => {
    expect(addLine([], '  ', typed)).toEqual({ kind: 'nothing' });
  });

  test('forces an incomplete input through on a blank line, without that line', () => {
    expect(addLine(['int f() {'], '', typed)).toEqual({ kind: 'input', text: 'int f() {' });
  });

  test('takes a blank line of a paste for a blank line', () => {
    const pasted = addLine(['int f() {'], '', { ...typed, pasting: true });
    expect(pasted).toEqual({ kind: 'pending', lines: ['int f() {', ''] });
  });

  test('keeps an else with its if when the next line is already there', () => {
    expect(addLine([], 'if (a) { b; }', { ...typed, nextLine: 'else { c; }' }).kind).toBe('pending');
    expect(addLine([], 'if (a) { b; }', { ...typed, nextLine: 'elsewhere();' }).kind).toBe('input');
    expect(addLine([], 'f()', { ...typed, nextLine: '::g()' }).kind).toBe('input');
  });

  test('knows a command by its colon, unless C++ is pending or the colon is double', () => {
    expect(addLine([], ' :help link ', typed)).toEqual({ kind: 'command', text: ':help link' });
    expect(addLine([], '::f()', typed)).toEqual({ kind: 'input', text: '::f()' });
    expect(addLine(['struct S {'], ':x', typed).kind).toBe('pending');
  });
});

describe('commands', () => {
  const link: ReplCommand = { name: 'link', aliases: ['l'], arguments: '[reset]', help: 'counters', run: () => '' };
  const all = withBuiltins([link]);

  test('are found by name and alias', () => {
    expect(findCommand(all, 'l')).toBe(link);
    expect(findCommand(all, 'q')?.name).toBe('quit');
    expect(findCommand(all, 'nothing')).toBeUndefined();
  });

  test('are split into name and the rest of the line', () => {
    expect(splitCommand(':load a b.cpp ')).toEqual({ name: 'load', argument: 'a b.cpp' });
    expect(splitCommand(':')).toEqual({ name: '', argument: '' });
  });

  test('write the help from their table, in columns', () => {
    expect(helpText(all).split('\n')).toEqual([
      '  :help [COMMAND]  list the commands, or say what one does (also :h, :?)',
      '  :quit            leave (as does Ctrl-D on an empty line) (also :q, :exit)',
      '  :link [reset]    counters (also :l)',
    ]);
    expect(helpText(all, ':link')).toBe('  :link [reset]  counters (also :l)');
    expect(helpText(all, 'lnik')).toBe('unknown command :lnik; did you mean :link?');
  });

  test("a caller's command stands in for a built-in one of its name", () => {
    const own: ReplCommand = { name: 'quit', help: 'own', run: () => undefined };
    expect(withBuiltins([own]).filter(({ name }) => name === 'quit')).toEqual([own]);
  });

  test('that do not exist name the nearest one, or the help', () => {
    expect(unknownCommand(all, 'hlep')).toBe('unknown command :hlep; did you mean :help?');
    expect(unknownCommand(all, 'xyzzy')).toBe('unknown command :xyzzy; :help lists the commands');
    expect(nearestName(['board', 'boards'], 'bo')).toBe('board');
    expect(nearestName(['link'], 'lnk')).toBe('link');
    expect(nearestName(['link'], '')).toBeUndefined();
  });
});

describe('Tab', () => {
  const commands = withBuiltins([]);
  const words = (prefix: string) => ['prime', 'printf', 'print', 'print'].filter((word) => word.startsWith(prefix));

  test('indents at the beginning of a line', async () => {
    expect(await completeLine('  ', commands, words)).toEqual([['  '], '']);
  });

  test('completes commands', async () => {
    expect(await completeLine(':he', commands, words)).toEqual([[':help'], ':he']);
    expect((await completeLine(':', commands, words))[0]).toContain(':quit');
  });

  test('completes the word left of the cursor, each candidate once', async () => {
    expect(await completeLine('x = prin', commands, words)).toEqual([['print', 'printf'], 'prin']);
    expect(await completeLine('x = ', commands, words)).toEqual([[], '']);
    expect(await completeLine('::prim', commands, words)).toEqual([['prime'], 'prim']);
    expect(await completeLine('pri', commands, undefined)).toEqual([[], 'pri']);
  });
});

describe('what arrives in one piece', () => {
  const pieces = (text: string) => {
    const all: string[] = [];
    for (let rest = text; rest !== ''; ) {
      const piece = nextPiece(rest);
      all.push(`${piece.kind}:${piece.text}`);
      rest = rest.slice(piece.text.length);
    }
    return all;
  };

  test('is cut at line ends, CR LF being one', () => {
    expect(pieces('ab\r\ncd\r\n')).toEqual(['text:ab', 'keys:\r\n', 'text:cd', 'keys:\r\n']);
  });

  test('keeps escape sequences whole and tells a sequence that has not ended', () => {
    expect(pieces('\x1b[D\x1b[1;5C\x1bOAx')).toEqual(['keys:\x1b[D', 'keys:\x1b[1;5C', 'keys:\x1bOA', 'keys:x']);
    expect(pieces('\x1b[200~ab')).toEqual(['keys:\x1b[200~', 'text:ab']);
    expect(pieces('\x1b[2')).toEqual(['partial:\x1b[2']);
    expect(pieces('\x1b')).toEqual(['partial:\x1b']);
  });

  test('takes tabs inside text for text, a tab at the end for a key', () => {
    expect(pieces('\ta\tb\r')).toEqual(['text:\ta\tb', 'keys:\r']);
    expect(pieces('pri\t')).toEqual(['text:pri', 'keys:\t']);
  });

  test('does not split characters outside the basic plane', () => {
    expect(pieces('😀')).toEqual(['keys:😀']);
    expect(pieces('ä😀')).toEqual(['text:ä😀']);
  });
});
