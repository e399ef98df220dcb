// What a session keeps of an input that was committed: what it takes to compile it again, and to say what its names
// are. Inputs are compiled again seldom, and people ask seldom: the text, split, lies on disk.

import { deserialize, serialize } from 'node:v8';
import type { DeclarationStore } from '../unit/declarations.js';
import type { SourceUnit } from '../unit/source-unit.js';
import type { ByteStore } from './byte-store.js';
import type { HistoryEntry } from './history.js';

const NO_NAMES: ReadonlySet<string> = new Set();
const NONE: readonly string[] = [];

export class InputRecord {
  private constructor(
    readonly input: number,
    readonly fileName: string | undefined,
    /** What was declared before it. */
    readonly before: DeclarationStore,
    /** Names of its functions, if one of them may have been inlined into another part of it. */
    readonly inlinable: readonly string[],
    /** Those among them to which calls are kept real by now. */
    readonly open: ReadonlySet<string>,
    private readonly store: Pick<ByteStore, 'get'>,
    private readonly handle: number,
  ) {}

  /** @param before what was declared before the input */
  static of(
    input: number,
    fileName: string | undefined,
    unit: SourceUnit,
    before: DeclarationStore,
    store: Pick<ByteStore, 'put' | 'get'>,
  ): InputRecord {
    const names = mayInline(unit) ? functionNames(unit) : NONE;
    return new InputRecord(input, fileName, before, names, NO_NAMES, store, store.put(serialize(unit)));
  }

  /** The input, split. */
  get unit(): SourceUnit {
    return deserialize(this.store.get(this.handle)) as SourceUnit;
  }

  /** The same, compiled again. */
  withOpen(open: ReadonlySet<string>): InputRecord {
    return new InputRecord(this.input, this.fileName, this.before, this.inlinable, open, this.store, this.handle);
  }
}

/** Names of the functions that an input defines. */
export function functionNames(unit: SourceUnit): string[] {
  return unit.items.flatMap((item) => item.functions.map(({ name }) => name));
}

/** Whether one function of an input may have been inlined into another, or into a member of a class. */
function mayInline(unit: SourceUnit): boolean {
  const others = unit.items.filter(
    (item) =>
      item.functions.length === 0 &&
      item.kind !== 'statement' &&
      item.kind !== 'directive' &&
      unit.text.slice(item.start, item.end).includes('{'),
  );
  const count = functionNames(unit).length;
  return count > 1 || (count === 1 && others.length > 0);
}

/** Whether something of an input outlives it. */
export function isLasting(unit: SourceUnit): boolean {
  return unit.items.some((item) => item.declares.length > 0 || item.functions.length > 0);
}

/** The records with those of inputs that were compiled again as they are now.
 *  @returns `replaced`: what they were */
export function replaceRecords(
  records: readonly InputRecord[],
  changed: readonly InputRecord[],
): { records: readonly InputRecord[]; replaced: readonly InputRecord[] } {
  if (changed.length === 0) return { records, replaced: [] };
  const now = new Map(changed.map((each) => [each.input, each]));
  return {
    records: records.map((each) => now.get(each.input) ?? each),
    replaced: records.filter(({ input }) => now.has(input)),
  };
}

/** The records as they were before inputs were taken back.
 *  @param undone the last input first */
export function recordsBefore(
  records: readonly InputRecord[],
  undone: readonly Pick<HistoryEntry, 'input' | 'replaced'>[],
): readonly InputRecord[] {
  let left = records;
  for (const { input, replaced } of undone) {
    left = replaceRecords(
      left.filter((each) => each.input !== input),
      replaced,
    ).records;
  }
  return left;
}
