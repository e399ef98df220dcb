// What a session keeps of an input that was committed: what it takes to compile it again, and to say what its names
// are. Inputs are compiled again seldom, and people ask seldom: the text, split, lies on disk.

import { deserialize, serialize } from 'node:v8';
import type { DeclarationStore } from '../unit/declarations.js';
import { typedFile } from '../unit/declared-at.js';
import type { SourceUnit } from '../unit/source-unit.js';
import type { ByteStore } from './byte-store.js';
import type { HistoryEntry } from './history.js';

const NO_NAMES: ReadonlySet<string> = new Set();

/** A place for bytes. */
type Store = Pick<ByteStore, 'put' | 'get'>;

/** An input of which something lasts. */
export interface TypedInput {
  readonly input: number;
  /** File that it was loaded from. */
  readonly fileName: string | undefined;
  readonly unit: SourceUnit;
}

/** What was typed in all of them, oldest first; immutable. In memory each is a number. */
export class TypedInputs {
  constructor(
    private readonly store: Store,
    private readonly handles: readonly number[] = [],
    /** Handles of those that were loaded, by the name of their file. */
    private readonly files: ReadonlyMap<string, number> = new Map(),
  ) {}

  /** The same with one more. */
  with(typed: TypedInput): TypedInputs {
    const handle = this.store.put(serialize(typed));
    const { fileName } = typed;
    const files = fileName === undefined ? this.files : new Map(this.files).set(plainPath(fileName), handle);
    return new TypedInputs(this.store, [...this.handles, handle], files);
  }

  /** The one whose text clang knew under this name: `input_3`, or the file that it was loaded from. */
  named(file: string): TypedInput | undefined {
    const name = plainPath(typedFile(file));
    const number = /^input_(\d+)$/.exec(name)?.[1];
    const handle = number === undefined ? this.files.get(name) : this.handles[this.countBefore(Number(number))];
    if (handle === undefined || !this.handles.includes(handle)) return undefined;
    const found = typedAt(this.store, handle);
    return number === undefined || found.input === Number(number) ? found : undefined;
  }

  /** How many are older than an input. */
  private countBefore(input: number): number {
    let [low, high] = [0, this.handles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (typedAt(this.store, this.handles[middle]!).input < input) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  list(): TypedInput[] {
    return this.handles.map((handle) => typedAt(this.store, handle));
  }

  /** Handle of the newest. */
  get last(): number {
    return this.handles.at(-1)!;
  }

  /** Those before an input. */
  before(input: number): TypedInputs {
    return new TypedInputs(this.store, this.handles.slice(0, this.countBefore(input)), this.files);
  }
}

/** A path without the `./` that debug information puts in front. */
export function plainPath(path: string): string {
  return path.replace(/^(?:\.\/)+/, '');
}

function typedAt(store: Store, handle: number): TypedInput {
  return deserialize(store.get(handle)) as TypedInput;
}

/** An input that may have to be compiled again. */
export class InputRecord {
  private constructor(
    readonly input: number,
    readonly fileName: string | undefined,
    /** What was declared before it. */
    readonly before: DeclarationStore,
    /** Names of its functions. */
    readonly functions: readonly string[],
    /** Those among them to which calls are kept real by now. */
    readonly open: ReadonlySet<string>,
    private readonly store: Store,
    private readonly handle: number,
  ) {}

  /** The record of an input that is a `TypedInput` under `handle`.
   *  @param before what was declared before it
   *  @returns undefined when none of its functions may have been inlined into another part of it */
  static of(
    input: number,
    fileName: string | undefined,
    unit: SourceUnit,
    before: DeclarationStore,
    store: Store,
    handle: number,
  ): InputRecord | undefined {
    if (!mayInline(unit)) return undefined;
    return new InputRecord(input, fileName, before, functionNames(unit), NO_NAMES, store, handle);
  }

  /** The input, split. */
  get unit(): SourceUnit {
    return typedAt(this.store, this.handle).unit;
  }

  /** The same, compiled again. */
  withOpen(open: ReadonlySet<string>): InputRecord {
    return new InputRecord(this.input, this.fileName, this.before, this.functions, open, this.store, this.handle);
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
