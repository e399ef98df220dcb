// What the host knows of a session beside what the linker keeps: names and their versions, which inputs may have to be
// compiled again, which can be taken back. It moves on when an input went well, and goes back as a whole.

import type { BoardRecord } from '../../boards/board.js';
import { readDebugInfo } from '../elf/dwarf/debug-info.js';
import type { ObjectFile } from '../elf/object-file.js';
import { objectBytes, readObject, restObject } from '../elf/read-object.js';
import type { LinkSession } from '../link/session.js';
import type { StagedLink } from '../link/types.js';
import { typeName } from '../show/type-name.js';
import { type DeclarationStore, declarationsOf, type TypeResolver } from '../unit/declarations.js';
import type { CppParser } from '../unit/parser.js';
import type { SourceUnit } from '../unit/source-unit.js';
import { splitVersioned, type VersionedUnit } from '../unit/versions.js';
import type { ByteStore } from './byte-store.js';
import { destructorCompanions, registrationsIn } from './destructors.js';
import { type HistoryEntry, pointersInSaved, type takeLast } from './history.js';
import { InputRecord, isLasting, recordsBefore, replaceRecords, TypedInputs } from './input-record.js';
import { type LastValue, lastValueText, saysLastValue } from './last-value.js';
import type { InputBegin } from './log.js';
import type { MadeInput } from './made-input.js';
import { explained } from './needs-os.js';
import { revisionAgain } from './redo.js';
import { stdioCompanions } from './stdio.js';
import type { RunOutcome } from './transaction.js';
import { undeclared } from './undeclared.js';
import { type ValueSlot, valueSlot } from './value-slot.js';

/** All of it at one moment; nothing in it changes any more. */
export interface HostSnapshot {
  readonly declarations: DeclarationStore;
  readonly typed: TypedInputs;
  /** What may have to be compiled again, oldest first. */
  readonly records: readonly InputRecord[];
  /** Inputs that can be taken back, oldest first. */
  readonly history: readonly HistoryEntry[];
  /** What `_` stands for. */
  readonly last: LastValue | undefined;
  /** Objects that may be registered for destruction. */
  readonly registrations: number;
}

interface Parts {
  readonly board: BoardRecord;
  readonly parser: CppParser;
  readonly linker: LinkSession;
  readonly store: ByteStore;
}

export class HostState {
  /** Number of the newest input, whatever became of it. */
  input = 0;
  #now: HostSnapshot;

  constructor(
    private readonly parts: Parts,
    declarations: DeclarationStore,
  ) {
    const typed = new TypedInputs(parts.store);
    this.#now = { declarations, typed, records: [], history: [], last: undefined, registrations: 0 };
  }

  get declarations(): DeclarationStore {
    return this.#now.declarations;
  }

  get typed(): TypedInputs {
    return this.#now.typed;
  }

  get records(): readonly InputRecord[] {
    return this.#now.records;
  }

  get history(): readonly HistoryEntry[] {
    return this.#now.history;
  }

  get last(): LastValue | undefined {
    return this.#now.last;
  }

  set last(last: LastValue | undefined) {
    this.#now = { ...this.#now, last };
  }

  snapshot(): HostSnapshot {
    return this.#now;
  }

  restore(snapshot: HostSnapshot): void {
    this.#now = snapshot;
  }

  /** Reads what was typed, with the versions of the names it uses. */
  split(text: string): VersionedUnit {
    return splitVersioned(this.parts.parser, this.declarations, text);
  }

  /** Declares `_`, the last value, where an input means it and the user gave the name to nothing else.
   *  @returns C++ text, empty when it is not meant */
  lastValueFor({ text, items }: SourceUnit): string {
    if (this.last === undefined || !saysLastValue(text) || this.declarations.declares('_')) return '';
    return items.some(({ names }) => names.includes('_')) ? '' : lastValueText(this.last);
  }

  /** Links an input that was compiled, now or when it was typed.
   *  @throws LINK_… */
  link(name: string, { input, text, object, revised }: MadeInput): { staged: StagedLink; slot: ValueSlot | undefined } {
    const { board, linker } = this.parts;
    const registrations = this.#now.registrations + registrationsIn(object);
    const staged = explained(name, text, board, () =>
      linker.stage(object, {
        revisions: revised.map(({ revision }) => revision),
        input,
        companions: [...stdioCompanions(text), ...destructorCompanions(registrations)],
        keep: 'trial',
      }),
    );
    return { staged, slot: valueSlot(object, staged) };
  }

  /** Makes an input that went well part of the session.
   *  @returns objects that something on the board is from now */
  commit(made: MadeInput, staged: StagedLink, { saved, destroyed, pointers }: Omit<RunOutcome, 'reply'>): ObjectFile[] {
    const { linker, store } = this.parts;
    const { input, text, fileName, unit, versions, before, object, revised } = made;
    const now = this.#now;
    const known = staged.trial === undefined ? [] : pointersInSaved(now.history, staged.trial);
    const lasting = linker.commit(staged, pointers?.concat(known));
    const { records, replaced } = replaceRecords(
      now.records,
      revised.map(({ record }) => record),
    );
    const entry = { input, text, declarations: before, replaced, saved, destroyed };
    const oldest = linker.oldestUndo ?? input;
    const typedIn = fileName ?? `input_${input}`;
    const declared = [...declarationsOf(unit, typeResolver(object), typedIn), ...undeclared(object, unit)];
    const typed = isLasting(unit) ? now.typed.with({ input, fileName, unit }) : now.typed;
    const record = isLasting(unit) ? InputRecord.of(input, fileName, unit, before, store, typed.last) : undefined;
    this.#now = {
      declarations: before.add(declared, versions),
      typed,
      records: record === undefined ? records : [...records, record],
      history: [...now.history, entry].filter((each) => each.input >= oldest),
      last: now.last,
      registrations: now.registrations + registrationsIn(object),
    };
    return lasting;
  }

  /** Takes back what `takeLast` split off the history. */
  takeBack({ undone, left }: ReturnType<typeof takeLast>): void {
    const oldest = undone.at(-1)!;
    this.parts.linker.undo(oldest.input);
    this.#now = {
      ...this.#now,
      declarations: oldest.declarations,
      typed: this.typed.before(oldest.input),
      records: recordsBefore(this.records, undone),
      history: left,
    };
  }

  /** An input from a record of it, without compiling. */
  remake(name: string, { input, text, fileName, lost, object, revised }: InputBegin): MadeInput {
    return {
      ...this.split(text),
      input,
      text,
      fileName,
      before: this.declarations.without(lost),
      object: readObject(object, name),
      revised: revised.map((each) => revisionAgain(this.records, each)),
    };
  }

  /** Moves the bytes of an object that is seldom asked for to the store. */
  putToRest(object: ObjectFile): void {
    const { store } = this.parts;
    const bytes = objectBytes(object);
    if (bytes !== undefined) restObject(object, store, store.put(bytes));
  }
}

/** Types that only the compiler knows, as C++ text. */
function typeResolver(object: ObjectFile): TypeResolver {
  return (name) => {
    const variable = readDebugInfo(object).variable(name);
    return variable === undefined ? undefined : typeName(variable.type);
  };
}
