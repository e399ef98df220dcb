// The C library's stdio, made fit for a prompt: what is printed without a newline is seen when the input ends, and
// newlib-nano's printf, which leaves floating point out unless somebody asks for it, gets it when a format does.

import type { Diagnostic } from '../compile/diagnostics.js';
import type { Companion } from '../link/types.js';

/** Flushes stdout; in the support archive. */
export const FLUSH = 'bw_flush';

/** Linked by the first use of stdio: newlib's set-up, picolibc's stream, wasi-libc's. */
const STDIO_IN_USE = ['__sinit', 'stdout', '__stdout_FILE'];

/** Newlib-nano's data for all of the library refers to the streams weakly. Linked before anything that uses them, it
 *  would never learn where they are. */
const LIBRARY_DATA = '_impure_ptr';
const STREAMS = ['__sf_fake_stdin', '__sf_fake_stdout', '__sf_fake_stderr'];

/** A conversion of a `double` in a format: `%f`, `%8.3g`, `%*lf`. */
const FLOAT_CONVERSION = /%[-+ #0]*[\d*]*(?:\.[\d*]*)?[lL]?[aefgAEFG]/;

/** A string literal on one line; what a raw string holds is found too, if it is between quotes. */
const STRING_LITERAL = /"(?:[^"\\\n]|\\.)*"/g;

const PRINTERS = ['_vfprintf_r', '_svfprintf_r', '_vfiprintf_r'];
const SCANNERS = ['__ssvfscanf_r', '__svfscanf_r'];

/** What is to be linked along with stdio for an input of this text. */
export function stdioCompanions(text: string): Companion[] {
  const companions = [
    ...STDIO_IN_USE.map((when) => ({ when, also: FLUSH })),
    ...STREAMS.map((also) => ({ when: LIBRARY_DATA, also })),
  ];
  if ((text.match(STRING_LITERAL) ?? []).some((literal) => FLOAT_CONVERSION.test(literal))) {
    companions.push(...PRINTERS.map((when) => ({ when, also: '_printf_float' })));
    companions.push(...SCANNERS.map((when) => ({ when, also: '_scanf_float' })));
  }
  return companions;
}

/** A conversion that newlib-nano's printf does not know: it prints the letters, and takes no argument for it. */
const UNKNOWN_CONVERSION = /%[-+ #0]*[\d*]*(?:\.[\d*]*)?(?:ll|hh|[jztq])[diouxX]/g;

/** Warnings of formats that newlib-nano prints as they stand.
 *  @param file what clang calls the input */
export function formatWarnings(text: string, file: string): Diagnostic[] {
  if (!/printf\s*\(/.test(text)) return [];
  return [...text.matchAll(STRING_LITERAL)].flatMap((literal) =>
    [...literal[0].replace(/%%/g, '  ').matchAll(UNKNOWN_CONVERSION)].map(({ 0: conversion, index }) => {
      const before = text.slice(0, literal.index + index).split(/\r\n|\n|\r/);
      const line = before.length;
      const indent = (before.at(-1) ?? '').replace(/[^\t]/gu, ' ');
      const source = text.split(/\r\n|\n|\r/)[line - 1] ?? '';
      return {
        severity: 'warning' as const,
        file,
        line,
        column: Buffer.byteLength(before.at(-1) ?? '') + 1,
        ranges: [],
        message: `newlib-nano's printf does not know '${conversion}' and prints its letters: cast to long, or use std::to_string`,
        option: undefined,
        snippet: [`${String(line).padStart(5)} | ${source}`, `      | ${indent}^`],
        notes: [],
      };
    }),
  );
}
