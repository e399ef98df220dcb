// When a function is typed again, the optimizer may have inlined the old one into others of its input, or used what
// it knew of it there. Calls between inputs are always real, so that this input alone is compiled again: as it was,
// with the declarations it had, but with calls to that function kept real. It runs beside the compilation of the new
// definition, and what comes of it replaces the old code in the same transaction (host/link/revise.ts).

import type { Compiler } from '../compile/compiler.js';
import { debugScope } from '../diag/debug.js';
import type { ObjectFile } from '../elf/object-file.js';
import { readObject } from '../elf/read-object.js';
import type { LinkSession } from '../link/session.js';
import type { Revision } from '../link/types.js';
import { revisedUnit } from '../unit/compose.js';
import type { SourceUnit } from '../unit/source-unit.js';
import { functionNames, type InputRecord } from './input-record.js';

const log = debugScope('session');

/** An input that is compiled again. */
export interface PendingRevision {
  readonly record: InputRecord;
  /** With these names open too. */
  readonly open: ReadonlySet<string>;
  /** The object, or undefined if clang no longer compiles the input (a header changed, say). */
  readonly object: Promise<{ readonly object: ObjectFile; readonly bytes: Uint8Array } | undefined>;
}

/** An earlier input that takes part in this one. */
export interface NeededRevision {
  readonly revision: Revision;
  readonly record: InputRecord;
  /** Its object as clang made it. */
  readonly bytes: Uint8Array;
}

/** Starts to compile again the inputs that `unit` may change. */
export function startRevisions(
  compiler: Compiler,
  records: readonly InputRecord[],
  unit: SourceUnit,
): PendingRevision[] {
  const names = new Set(functionNames(unit));
  if (names.size === 0) return [];
  return records
    .filter(({ functions, open }) => functions.some((name) => names.has(name) && !open.has(name)))
    .map((record) => {
      const open = new Set([...record.open, ...names]);
      return { record, open, object: compileAgain(compiler, record, open) };
    });
}

async function compileAgain(
  compiler: Compiler,
  { input, fileName, unit, before }: InputRecord,
  open: ReadonlySet<string>,
): Promise<{ object: ObjectFile; bytes: Uint8Array } | undefined> {
  try {
    const { text, ...late } = before.preludeFor(unit);
    const { object } = await compiler.compileUnit(revisedUnit(unit, open), text, input, fileName, late);
    return { object: readObject(object, fileName ?? `input ${input}`), bytes: object };
  } catch (error) {
    log?.(`input ${input} does not compile again: ${(error as Error).message}`);
    return undefined;
  }
}

/** Those of the started revisions that the new object really asks for. */
export async function neededRevisions(
  linker: LinkSession,
  pending: readonly PendingRevision[],
  object: ObjectFile,
): Promise<NeededRevision[]> {
  if (pending.length === 0) return [];
  const inputs = new Set(
    object.symbols
      .filter((symbol) => symbol.binding !== 'local' && symbol.type === 'func' && typeof symbol.section === 'number')
      .map((symbol) => linker.definedIn(symbol.name)),
  );
  const needed = await Promise.all(
    pending
      .filter(({ record }) => inputs.has(record.input))
      .map(async ({ record, open, object: compiling }) => {
        const revised = await compiling;
        if (revised === undefined) return [];
        const { object, bytes } = revised;
        return [{ revision: { object, input: record.input }, record: record.withOpen(open), bytes }];
      }),
  );
  return needed.flat();
}
