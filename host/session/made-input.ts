// An input that compiled: all that linking and committing it takes, now or when a session is taken up again.

import type { ObjectFile } from '../elf/object-file.js';
import type { DeclarationStore } from '../unit/declarations.js';
import type { SourceUnit } from '../unit/source-unit.js';
import type { Versions } from '../unit/versions.js';
import type { InputBegin } from './log.js';
import type { NeededRevision } from './revise.js';

/** An input that compiled. */
export interface MadeInput {
  readonly input: number;
  readonly text: string;
  readonly fileName: string | undefined;
  readonly unit: SourceUnit;
  /** Versions of names once it is committed. */
  readonly versions: Versions;
  /** What it was compiled with. */
  readonly before: DeclarationStore;
  readonly object: ObjectFile;
  readonly revised: readonly NeededRevision[];
}

/** What the log keeps of it.
 *  @param bytes the object as clang made it
 *  @param declared what was declared before it; `before` may lack some of that */
export function inputBegin(
  made: MadeInput,
  bytes: Uint8Array,
  declared: DeclarationStore,
  oldestUndo: number | undefined,
): InputBegin {
  const { input, text, fileName, before, revised } = made;
  return {
    t: 'input',
    input,
    text,
    fileName,
    object: bytes,
    revised: revised.map(({ record, bytes: object }) => ({ input: record.input, object, open: [...record.open] })),
    lost: before === declared ? [] : declared.list().flatMap(({ key }) => (before.has(key) ? [] : [key])),
    oldestUndo,
  };
}
