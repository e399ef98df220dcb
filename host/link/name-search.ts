// What a name means in one stage. It is looked for in this input, in the session, in the firmware, and at last in the
// archives, whose members are linked when something needs them.

import type { ElfSymbol, ObjectFile } from '../elf/object-file.js';
import type { Definition, Target } from './atom.js';
import { largestHole } from './memory-map.js';
import { indexOf } from './object-index.js';
import { arenaFull } from './report.js';
import { findInArchives, preparedFor, type SessionState } from './session-state.js';
import type { StageAtoms } from './stage-atoms.js';
import { UNWIND_TABLE, unwindTableBytes } from './unwind.js';
import { allocateCode, allocateWritable } from './zones.js';

/** Finds what names mean. */
export class NameSearch {
  /** What is free once the heap has its place. */
  memory: SessionState['memory'];
  heap: SessionState['heap'];
  unwind: SessionState['unwind'];

  constructor(
    private readonly state: SessionState,
    private readonly atoms: StageAtoms,
    private readonly object: ObjectFile,
    private readonly input: number,
  ) {
    this.memory = state.memory;
    this.heap = state.heap;
    this.unwind = state.unwind;
  }

  /** Finds a global name as seen from `object`. A library that calls a function does not mean the user's variable
   *  of that name (`int index;` beside the C library's `index()`). */
  lookUp(object: ObjectFile, symbol: ElfSymbol, isCall: boolean): Target | undefined {
    // Destructors are registered under their input's number, so that those of one input can be run.
    if (symbol.name === '__dso_handle' && symbol.section === 'undefined') {
      const input = object === this.object ? this.input : this.atoms.revisions.get(object)?.input;
      return { kind: 'absolute', addr: input ?? 0, thumb: 0 };
    }
    const own = symbol.section === 'undefined' ? undefined : symbol;
    const isInput = this.atoms.isInput(object);
    const isShared = own !== undefined && (own.binding === 'weak' || this.comdatOf(object, own) !== undefined);
    const isOwn = isInput ? (this.atoms.revisions.get(object)?.replaced.has(symbol.name) ?? true) : !isShared;
    if (own !== undefined && isOwn) return this.atoms.targetOfDefinition(object, own, 0);

    const name = symbol.name;
    const fits = (isFunction: boolean): boolean => isInput || !isCall || isFunction;
    const fromInput = indexOf(this.object).globals.get(name);
    if (fromInput !== undefined && fits(fromInput.type !== 'object')) {
      return this.atoms.targetOfDefinition(this.object, fromInput, 0);
    }
    for (const [revised, { replaced }] of this.atoms.revisions) {
      const now = replaced.get(name);
      if (now !== undefined) return this.atoms.targetOfDefinition(revised, now, 0);
    }
    const known = this.state.names.get(name) ?? this.atoms.libraryNames.get(name);
    const fromFirmware = this.fromFirmware(name, isInput);
    // What the firmware has is its own for inputs; a library keeps to what came with it.
    const passedOver = this.state.target.attached !== undefined && own === undefined && fromFirmware !== undefined;
    if (known !== undefined && (known.origin === 'input' ? fits(known.isFunction) : !passedOver)) return known.target;
    const fromStatic = isInput ? this.state.statics.get(name) : undefined;
    if (fromStatic !== undefined) return fromStatic.target;
    if (own !== undefined) return this.atoms.targetOfDefinition(object, own, 0);
    if (fromFirmware !== undefined) return fromFirmware.target;
    const fromLinker = this.linkerSymbol(name);
    if (fromLinker !== undefined) return fromLinker;
    // A weak reference is satisfied by what is there, and pulls nothing in.
    return symbol.binding === 'weak' ? undefined : this.pullFromArchive(name);
  }

  private fromFirmware(name: string, isInput: boolean): Definition | undefined {
    const { attached } = this.state.target;
    const found = this.state.firmware.get(name);
    if (attached === undefined || found === undefined) return found;
    if (isInput) return attached.notFromFirmware.has(name) ? undefined : found;
    return attached.shared.test(name) || findInArchives(this.state, name) === undefined ? found : undefined;
  }

  /** What an archive's member defines by that name; the member takes part in the stage from now on. */
  pullFromArchive(name: string): Target | undefined {
    const found = findInArchives(this.state, name);
    if (found === undefined) return undefined;
    const member = preparedFor(this.state, found.archive.member(found.member));
    const symbol = indexOf(member).globals.get(name);
    if (symbol === undefined) return undefined;
    return this.atoms.targetOfDefinition(member, symbol, 0);
  }

  private comdatOf(object: ObjectFile, symbol: ElfSymbol): string | undefined {
    return typeof symbol.section === 'number' ? object.sections[symbol.section]!.comdat : undefined;
  }

  /** Names that the linker itself defines. */
  private linkerSymbol(name: string): Target | undefined {
    if (EMPTY_RANGES.has(name)) return { kind: 'absolute', addr: 0, thumb: 0 };
    if (name === UNWIND_TABLE) return { kind: 'absolute', addr: this.unwindTable(), thumb: 0 };
    if (name !== '__bw_heap_start' && name !== '__bw_heap_end') return undefined;
    if (this.heap === undefined) {
      const wanted = this.state.target.heapBytes;
      // A full board gets a smaller heap: half of what is left in one piece.
      const left = (largestHole(this.memory) >> 1) & ~7;
      const sizeBytes = wanted <= left ? wanted : Math.min(wanted, Math.max(left, LEAST_HEAP_BYTES));
      const allocation = allocateWritable(this.state.target.arena, this.memory, sizeBytes, 8);
      if (allocation === undefined) throw arenaFull(this.state, this.memory, sizeBytes, 'the heap of malloc');
      this.heap = { addr: allocation.addr, sizeBytes };
      this.memory = allocation.map;
    }
    const addr = name === '__bw_heap_start' ? this.heap.addr : this.heap.addr + this.heap.sizeBytes;
    return { kind: 'absolute', addr, thumb: 0 };
  }

  /** Address of the table that exceptions are looked up in; reserved when it is first asked for. */
  private unwindTable(): number {
    if (this.unwind === undefined) {
      const { arena } = this.state.target;
      const sizeBytes = unwindTableBytes(arena.sizeBytes);
      const allocation = allocateCode(arena, this.memory, sizeBytes, 4);
      if (allocation === undefined) throw arenaFull(this.state, this.memory, sizeBytes, 'the table for exceptions');
      this.unwind = { addr: allocation.addr, sizeBytes, words: [] };
      this.memory = allocation.map;
    }
    return this.unwind.addr;
  }
}

/** A smaller heap is of no use: stdio alone takes that much. */
const LEAST_HEAP_BYTES = 2048;

/** Tables that a linker script would bound: unwind tables stay on the host, and the host runs initialisers. */
const EMPTY_RANGES: ReadonlySet<string> = new Set([
  '__exidx_start',
  '__exidx_end',
  '__preinit_array_start',
  '__preinit_array_end',
  '__init_array_start',
  '__init_array_end',
  '__fini_array_start',
  '__fini_array_end',
]);
