import { describe, expect, test } from 'vitest';
import { parseDiagnostics, renderDiagnostics } from '../../host/compile/diagnostics.js';
import { missingHeader } from '../../host/compile/missing-header.js';
import { missingOption } from '../../host/compile/missing-option.js';

const user = { file: 'input_1', text: 'std::set<int> s;' };

describe('a name of the standard library that no header brought', () => {
  test.each([
    ["no template named 'set' in namespace 'std'; did you mean 'get'?", 'std::set needs `#include <set>`'],
    ["no member named 'cout' in namespace 'std'", 'std::cout needs `#include <iostream>`'],
    [
      "no type named 'thread' in namespace 'std'",
      'std::thread needs an operating system with threads, which a board does not have',
    ],
    ["no member named 'nothing' in namespace 'std'", undefined],
    ["use of undeclared identifier 'set'", undefined],
  ])('%s', (message, hint) => expect(missingHeader(message)).toBe(hint));

  test('is told in place of what clang guesses', () => {
    const stderr = [
      "input_1:1:6: error: no template named 'set' in namespace 'std'; did you mean 'get'?",
      '    1 | std::set<int> s;',
      "/usr/include/pair.h:855:5: note: 'get' declared here",
    ].join('\n');
    expect(renderDiagnostics(parseDiagnostics(stderr, user))).toBe(
      [
        "input_1:1:6: error: no template named 'set' in namespace 'std'; did you mean 'get'?",
        '    1 | std::set<int> s;',
        'note: std::set needs `#include <set>`',
      ].join('\n'),
    );
  });
});

describe('a part of C++ that is off', () => {
  test.each([
    ["cannot use 'throw' with exceptions disabled", 'start barewire with `--exceptions` for that'],
    ["cannot use 'try' with exceptions disabled", 'start barewire with `--exceptions` for that'],
    ['use of typeid requires -frtti', 'start barewire with `--rtti` for that'],
    ['use of dynamic_cast requires -frtti', 'start barewire with `--rtti` for that'],
    ["use of undeclared identifier 'throws'", undefined],
  ])('%s', (message, hint) => expect(missingOption(message)).toBe(hint));

  test('is told with the option that turns it on', () => {
    const stderr = "input_1:1:1: error: cannot use 'throw' with exceptions disabled\n    1 | throw 3;\n      | ^";
    expect(renderDiagnostics(parseDiagnostics(stderr, { file: 'input_1', text: 'throw 3;' }))).toBe(
      [
        "input_1:1:1: error: cannot use 'throw' with exceptions disabled",
        '    1 | throw 3;',
        '      | ^',
        'note: start barewire with `--exceptions` for that',
      ].join('\n'),
    );
  });
});

describe('many notes', () => {
  const notes = Array.from({ length: 9 }, (_, i) => `/usr/include/a.h:${i + 1}:1: note: candidate ${i + 1}`);
  const stderr = ['input_1:1:1: error: no matching function', ...notes, 'input_1:1:2: note: requested here'].join('\n');

  test('are cut to the first ones and those in the user’s text, with a count', () => {
    const [error] = parseDiagnostics(stderr, user);
    expect(error!.notes.map(({ message }) => message)).toEqual([
      ...['candidate 1', 'candidate 2', 'candidate 3', 'candidate 4', 'requested here'],
      '5 more of these notes are left out',
    ]);
  });

  test('type names of thousands of characters are cut', () => {
    const long = `input_1:1:1: error: in 'f<int ${'*'.repeat(1000)}>' here`;
    const [error] = parseDiagnostics(long, user);
    expect(error!.message).toHaveLength(171);
  });
});

test('what follows in the wrapper from a mistake of the user’s is not shown', () => {
  const stderr = [
    "input_1:1:1: error: use of undeclared identifier 'x'",
    '<value>:3:4: error: function declared in block scope cannot have static storage class',
  ].join('\n');
  const shown = parseDiagnostics(stderr, { ...user, valueOffset: 3 });
  expect(shown.map(({ message }) => message)).toEqual(["use of undeclared identifier 'x'"]);
});
