// Compiles an input behind the declarations of earlier ones. Should one of those not be C++ after all (the parser took
// something for what it is not), it costs its own name, not the session: it is left out, with a warning.

import type { CompileResult, Compiler } from '../compile/compiler.js';
import type { Diagnostic } from '../compile/diagnostics.js';
import { BarewireError } from '../diag/error.js';
import type { DeclarationStore } from '../unit/declarations.js';
import type { SourceUnit } from '../unit/source-unit.js';

/** An input compiled, and the declarations that it was compiled with. */
export interface Mended {
  readonly compiled: CompileResult;
  readonly before: DeclarationStore;
}

/** Compiles `unit`; leaves out declarations that clang does not accept.
 *  @param behind text for this input alone, behind the declarations
 *  @throws as `Compiler.compileUnit` */
export async function compileMended(
  compiler: Compiler,
  unit: SourceUnit,
  before: DeclarationStore,
  input: number,
  fileName: string | undefined,
  behind = '',
): Promise<Mended> {
  const { text, ...late } = before.preludeFor(unit);
  try {
    const compiled = await compiler.compileUnit(unit, text + behind, input, fileName, late);
    const others = before.otherResults(unit).map(resultWarning);
    return { compiled: { ...compiled, warnings: [...others, ...compiled.warnings] }, before };
  } catch (error) {
    const { lines, places } = error instanceof BarewireError ? error.details : {};
    const isKnown = Array.isArray(lines) && text === before.text();
    const mended = isKnown ? before.withoutLines(lines, Array.isArray(places) ? places : []) : before;
    if (mended === before) throw error;
    const again = await compileMended(compiler, unit, mended, input, fileName, behind);
    const known = new Set(mended.list().map(({ key }) => key));
    const lost = before.list().filter(({ key }) => !known.has(key));
    const lostOnes = lostWarning(lost.flatMap(({ names }) => names));
    return { ...again, compiled: { ...again.compiled, warnings: [lostOnes, ...again.compiled.warnings] } };
  }
}

function lostWarning(names: readonly string[]): Diagnostic {
  const what = names.length === 0 ? 'a declaration' : names.join(', ');
  return warning(`${what} of an earlier input can no longer be used: its declaration does not compile by itself`);
}

/** The parameters tell functions apart, for C++ and the linker: callers cannot go on with the old one. */
function resultWarning({ name, was }: { readonly name: string; readonly was: string }): Diagnostic {
  return warning(
    `${name} returned ${was} before: code compiled until now takes its result for that; type it again too`,
  );
}

function warning(message: string): Diagnostic {
  return {
    severity: 'warning',
    file: undefined,
    line: 0,
    column: 0,
    ranges: [],
    message,
    option: undefined,
    snippet: [],
    notes: [],
  };
}
