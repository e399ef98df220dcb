// From function records in memory to functions that run. What was written since the last run is looked through:
// functions that are new or changed become one module, whose instance puts them into the table; what was overwritten
// leaves it. A function has a slot of the table for as long as something may call its address. Memory is all there is to
// know: an executor that begins anew finds the same functions, and so does a loader whose table is full.

import { REFERENCE_KINDS } from '../../../protocol/wasm-function.js';
import { accessAt } from './guards.js';
import { OPCODES } from './instructions.js';
import { ARENA, SLOTS } from './layout.js';
import { section, sleb, text, uleb } from './leb.js';
import { type MadeBody, makeBody, placeInBody } from './make-body.js';
import { type AliasRecord, type FunctionRecord, isMarked, recordAt } from './record.js';
import { isSameType } from './results.js';

/** The table is at least this long, and grows twofold. */
const LEAST_SLOTS = 512;
const MOST_SLOTS = 0xffff;
const MAGIC_BYTES = 8;
const SHARED_WITH_MAXIMUM = 3;
const FUNCREF = 0x70;
/** Index of `attend` among a module's functions; its own begin behind it. */
const ATTEND = 0;
const FIRST_OWN = 1;
/** Indices of globals: the stack pointer is what all modules have, the address a module's own. */
const STACK_POINTER = 0;
const ADDRESS = 1;
const ADDRESS_NAME = 'address';
/** Aliases of aliases, at most. */
const ALIAS_DEPTH = 8;

/** What modules share. */
export interface Surroundings {
  readonly memory: WebAssembly.Memory;
  readonly pages: number;
  readonly stackPointer: WebAssembly.Global;
  readonly attend: () => void;
  /** Functions that have room; for tests. */
  readonly mostSlots?: number;
  /** Loops do not ask whether something is to be done: for the benchmark of what asking costs. */
  readonly deaf?: boolean;
}

/** Why no function is where a record seems to be. */
export type Flaw =
  /** No module can be made of it, as of half a record that something else was written over. */
  | 'broken'
  /** It was linked for another address. */
  | 'elsewhere';

/** What an instruction that trapped wanted. */
export type Deed =
  | { readonly kind: 'call'; readonly addr: number }
  /** `addr` is undefined where only an index is known. */
  | { readonly kind: 'access'; readonly addr: number | undefined };

/** There are more functions than the table has room for. */
export class TableFull extends Error {}

interface Loaded {
  readonly record: FunctionRecord;
  readonly body: MadeBody;
  /** Of the body, in the module. */
  readonly bodyOffset: number;
}

export class FunctionLoader {
  readonly #around: Surroundings;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #mostSlots: number;
  #table = newTable();
  /** By address. 0 is nobody's: what is called there traps. */
  readonly #slots = new Map<number, number>();
  #dirty: { addr: number; end: number }[] = [];
  readonly #functions = new Map<number, FunctionRecord>();
  readonly #aliases = new Map<number, AliasRecord>();
  /** Functions by module and index, for places of traps. */
  readonly #modules: { readonly loaded: readonly Loaded[]; readonly address: WebAssembly.Global }[] = [];
  readonly #bad = new Map<
    number,
    { readonly sizeBytes: number; readonly flaw: Flaw; readonly record: FunctionRecord }
  >();
  /** Types that callers were made for, by address. */
  readonly #called = new Map<number, Uint8Array>();
  readonly #services = new Map<number, unknown>();

  constructor(around: Surroundings) {
    this.#around = around;
    this.#bytes = new Uint8Array(around.memory.buffer);
    this.#view = new DataView(around.memory.buffer);
    this.#mostSlots = around.mostSlots ?? MOST_SLOTS;
    this.#bytes.fill(0, SLOTS.addr, SLOTS.addr + SLOTS.sizeBytes);
  }

  /** Bytes of memory change. */
  written(addr: number, len: number): void {
    const last = this.#dirty.at(-1);
    if (last !== undefined && last.end === addr) last.end += len;
    else this.#dirty.push({ addr, end: addr + len });
  }

  /** Brings the table up to date with memory. No user code may be under way.
   *  @throws TableFull when there are too many functions even without those that are gone */
  sync(): void {
    try {
      this.#sync();
    } catch (error) {
      if (!(error instanceof TableFull)) throw error;
      this.#beginAnew();
      try {
        this.#sync();
      } catch (again) {
        this.#beginAnew();
        throw again;
      }
    }
  }

  /** A function that is gone keeps its slot, for something may call its address: they are given out anew. */
  #beginAnew(): void {
    this.#table = newTable();
    this.#slots.clear();
    for (const known of [this.#functions, this.#aliases, this.#bad, this.#called]) known.clear();
    this.#modules.length = 0;
    this.#bytes.fill(0, SLOTS.addr, SLOTS.addr + SLOTS.sizeBytes);
    for (const [addr, service] of this.#services) this.#put(addr, service);
    this.#dirty = [{ addr: ARENA.addr, end: ARENA.addr + ARENA.sizeBytes }];
  }

  #sync(): void {
    if (this.#dirty.length === 0) return;
    const dirty = this.#dirty;
    this.#dirty = [];
    const fresh = new Map<number, FunctionRecord>();
    const look = (addr: number): void => {
      const record = recordAt(this.#bytes, this.#view, addr);
      if (record?.kind === 'alias') this.#aliases.set(addr, record);
      else if (record?.home === addr) fresh.set(addr, record);
      else if (record !== undefined) this.#refuse(record, 'elsewhere');
    };
    for (const { addr, end } of dirty) {
      for (const known of [this.#functions, this.#aliases, this.#bad]) {
        const touched = [...known].filter(([start, { sizeBytes }]) => start < end && start + sizeBytes > addr);
        for (const [start, each] of touched) {
          known.delete(start);
          this.#put(start, null);
          look(start);
          // The rest of it may be written again without its beginning.
          const isThere = fresh.has(start) || this.#aliases.has(start) || this.#bad.has(start);
          const record = 'flaw' in each ? each.record : each;
          if (!isThere && record.kind === 'function' && isMarked(this.#view, start)) this.#refuse(record, 'broken');
        }
      }
      // What was there already is not always written again: the first words of a record may be older.
      for (let at = Math.max(0, addr - MAGIC_BYTES) & ~3; at < end; at += 4) look(at);
    }
    this.#withCallers(fresh);
    const typeAt = (addr: number): Uint8Array | undefined => this.#typeAt(addr, fresh);
    this.#load(this.#withoutOld([...fresh.values()]), typeAt);
    for (const { addr, target } of this.#aliases.values()) this.#put(addr, this.function(target) ?? null);
  }

  #refuse(record: FunctionRecord, flaw: Flaw): void {
    this.#bad.set(record.addr, { sizeBytes: record.sizeBytes, flaw, record });
  }

  /** Callers that take a function for one of another type are made anew with it. */
  #withCallers(fresh: Map<number, FunctionRecord>): void {
    for (const caller of this.#functions.values()) {
      const isOther = caller.references.some(({ kind, value, type }) => {
        const callee = kind === REFERENCE_KINDS.call ? fresh.get(value) : undefined;
        return callee !== undefined && !isSameType(callee.types[0]!, this.#called.get(value) ?? caller.types[type]!);
      });
      if (isOther) fresh.set(caller.addr, caller);
    }
    for (const { addr, types } of fresh.values()) this.#called.set(addr, types[0]!);
  }

  #typeAt(addr: number, fresh: ReadonlyMap<number, FunctionRecord>): Uint8Array | undefined {
    let at = addr;
    for (let depth = 0; depth < ALIAS_DEPTH; depth++) {
      const record = fresh.get(at) ?? this.#functions.get(at);
      if (record !== undefined) return record.types[0];
      const alias = this.#aliases.get(at);
      if (alias === undefined) return undefined;
      at = alias.target;
    }
    return undefined;
  }

  /** Gives an address to a function that is not in memory. */
  offer(addr: number, service: unknown): void {
    this.#services.set(addr, service);
    this.#put(addr, service);
  }

  /** The function whose address this is. */
  function(addr: number): (() => unknown) | undefined {
    const slot = this.#slots.get(addr);
    return slot === undefined ? undefined : (this.#table.get(slot) ?? undefined);
  }

  /** What is wrong with the record at an address, if one seems to be there. */
  flawAt(addr: number): Flaw | undefined {
    return this.#bad.get(addr)?.flaw;
  }

  /** What the instruction at a place wanted; undefined when it neither calls nor goes to memory. */
  deedAt({ module, index, offset }: Frame): Deed | undefined {
    const loaded = this.#modules[module]?.loaded[index - FIRST_OWN];
    if (loaded === undefined) return undefined;
    const { body, references } = loaded.record;
    const at = placeInBody(loaded.body, offset - loaded.bodyOffset);
    const address = (this.#modules[module]!.address.value as number) >>> 0;
    if (body[at] === OPCODES.callIndirect) return { kind: 'call', addr: address };
    const called = references.find(({ kind, place }) => kind === REFERENCE_KINDS.call && place === at + 1);
    if (called !== undefined) return { kind: 'call', addr: called.value };
    const access = accessAt(body, at);
    return access && { kind: 'access', addr: access.isGuarded ? (address + access.offset) >>> 0 : undefined };
  }

  /** Address in memory of a place in a module. */
  placeOf({ module, index, offset }: Frame): number | undefined {
    const loaded = this.#modules[module]?.loaded[index - FIRST_OWN];
    if (loaded === undefined) return undefined;
    const { record, body, bodyOffset } = loaded;
    return record.addr + record.bodyStart + placeInBody(body, offset - bodyOffset);
  }

  /** What another record begins in the middle of is what an earlier function left there. */
  #withoutOld(records: readonly FunctionRecord[]): FunctionRecord[] {
    const sorted = [...records].sort((a, b) => a.addr - b.addr);
    return sorted.filter((record, index) => {
      const next = sorted[index + 1];
      if (next === undefined || next.addr >= record.addr + record.sizeBytes) return true;
      this.#refuse(record, 'broken');
      return false;
    });
  }

  #put(addr: number, value: unknown): void {
    if (value === null && !this.#slots.has(addr)) return;
    this.#table.set(this.#slotOf(addr), value);
  }

  /** The slot of an address, which it has from now on.
   *  @throws TableFull */
  #slotOf(addr: number): number {
    const known = this.#slots.get(addr);
    if (known !== undefined) return known;
    if (addr % 2 !== 0 || addr >= SLOTS.addr || addr === 0) return 0;
    const slot = this.#slots.size + 1;
    if (slot > this.#mostSlots) throw new TableFull(`more than ${this.#mostSlots} functions`);
    if (slot >= this.#table.length) this.#table.grow(Math.min(this.#table.length, MOST_SLOTS + 1 - this.#table.length));
    this.#slots.set(addr, slot);
    this.#view.setUint16(SLOTS.addr + addr / 2, slot, true);
    return slot;
  }

  #load(records: readonly FunctionRecord[], typeAt: TypeAt): void {
    if (records.length === 0) return;
    for (const { addr } of records) this.#put(addr, null);
    try {
      this.#instantiate(records, typeAt);
    } catch (error) {
      if (!(error instanceof Error) || error instanceof TableFull) throw error;
      const [only, ...others] = records;
      if (others.length > 0) {
        for (const each of records) this.#load([each], typeAt);
      } else this.#refuse(only!, 'broken');
    }
  }

  #instantiate(records: readonly FunctionRecord[], typeAt: TypeAt): void {
    const { memory, pages, stackPointer, attend, deaf } = this.#around;
    const number = this.#modules.length;
    const { bytes, loaded } = moduleOf(records, number, pages, (addr) => this.#slotOf(addr), typeAt, deaf);
    // The instance puts its functions into the table.
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      board: { memory, table: this.#table, stackPointer, attend },
    });
    this.#modules.push({ loaded, address: exports[ADDRESS_NAME] as WebAssembly.Global });
    for (const record of records) {
      this.#functions.set(record.addr, record);
      this.#bad.delete(record.addr);
    }
  }
}

const newTable = (): WebAssembly.Table => new WebAssembly.Table({ element: 'anyfunc', initial: LEAST_SLOTS });

type TypeAt = (addr: number) => Uint8Array | undefined;

/** Bytes of a module with these functions.
 *  @throws UnknownInstruction */
export function moduleOf(
  records: readonly FunctionRecord[],
  number: number,
  pages: number,
  slotOf: (addr: number) => number,
  typeAt: TypeAt = () => undefined,
  deaf = false,
): { bytes: Uint8Array; loaded: Loaded[] } {
  const types: Uint8Array[] = [];
  const known = new Map<string, number>();
  const typeIndex = (type: Uint8Array): number => {
    const key = Buffer.from(type).toString('latin1');
    let index = known.get(key);
    if (index === undefined) {
      index = types.push(type) - 1;
      known.set(key, index);
    }
    return index;
  };
  const attendType = typeIndex(Uint8Array.of(0x60, 0, 0));
  const own = records.map((record) => typeIndex(record.types[0]!));
  const attend = deaf ? undefined : ATTEND;
  const indices = { typeIndex, stackPointer: STACK_POINTER, attend, address: ADDRESS, slotOf, typeAt };
  const bodies = records.map((record) => makeBody(record, indices));

  const from = (name: string, ...what: number[]): number[] => [...text('board'), ...text(name), ...what];
  const imports = [
    ...from('memory', 2, SHARED_WITH_MAXIMUM, ...uleb(pages), ...uleb(pages)),
    ...from('table', 1, FUNCREF, 0, ...uleb(1)),
    ...from('stackPointer', 3, 0x7f, 1),
    ...from('attend', 0, ...uleb(attendType)),
  ];
  const elements = records.flatMap(({ addr }, index) => [
    0,
    0x41,
    ...sleb(slotOf(addr)),
    0x0b,
    1,
    ...uleb(FIRST_OWN + index),
  ]);
  const head = Buffer.concat([
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(1, uleb(types.length), ...types),
    section(2, [4], imports),
    section(3, uleb(own.length), own.flatMap(uleb)),
    section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
    section(7, [1, ...text(ADDRESS_NAME), 3, ADDRESS]),
    section(9, uleb(records.length), elements),
  ]);
  const parts = bodies.map(({ bytes }) => ({ size: Uint8Array.from(uleb(bytes.length)), bytes }));
  const code = section(10, uleb(parts.length), ...parts.flatMap(({ size, bytes }) => [size, bytes]));
  const contents = parts.reduce((sum, { size, bytes }) => sum + size.length + bytes.length, 0);
  let at = head.length + code.length - contents;
  const loaded = records.map((record, index) => {
    const { size, bytes } = parts[index]!;
    const bodyOffset = at + size.length;
    at = bodyOffset + bytes.length;
    return { record, body: bodies[index]!, bodyOffset };
  });
  // The module's name is what traps say of it.
  const names = section(0, text('name'), [0], uleb(text(moduleName(number)).length), text(moduleName(number)));
  return { bytes: Buffer.concat([head, code, names]), loaded };
}

const moduleName = (number: number): string => `bw${number}`;

/** A place in WebAssembly code: module, index of the function, offset in the module's bytes. */
export interface Frame {
  readonly module: number;
  readonly index: number;
  readonly offset: number;
}

/** The places of WebAssembly code that an error's stack names. */
export function framesOf(stack: string): Frame[] {
  return [...stack.matchAll(/wasm:\/\/wasm\/bw(\d+)-[0-9a-f]+:wasm-function\[(\d+)\]:0x([0-9a-f]+)/g)].map(
    ([, module, index, offset]) => ({
      module: Number(module),
      index: Number(index),
      offset: Number.parseInt(offset!, 16),
    }),
  );
}
