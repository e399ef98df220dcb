// What a session remembers between inputs: names, atoms on the board, foldable contents, the memory map.
// A stage reads it and never writes it; `commit` applies a stage's changes in one go.

import type { Archive } from '../elf/archive.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { Architecture } from './arch/architecture.js';
import { architectureOf } from './arch/index.js';
import type { Atom, Definition } from './atom.js';
import { type FirmwareNames, firmwareNames } from './firmware-names.js';
import type { CommitRecord } from './history.js';
import type { MemoryMap } from './memory-map.js';
import { emptyMap } from './memory-map.js';
import type { LinkTarget } from './types.js';
import type { UnwindTable } from './unwind.js';

export interface SessionState {
  readonly target: LinkTarget;
  readonly arch: Architecture;
  /** Definitions of the stub's or the user's firmware. */
  readonly firmware: FirmwareNames;
  /** Names that no archive has. A cache: archives do not change. */
  readonly absent: Set<string>;
  /** Current global definitions from inputs and archives. */
  readonly names: Map<string, Definition>;
  /** Users' statics, by the name an `extern` declaration gives them. */
  readonly statics: Map<string, Definition>;
  /** COMDAT sections, strings and constants that may be shared. */
  readonly folds: Map<string, Atom>;
  /** Atoms of archive members, by `atomKey`. */
  readonly members: Map<ObjectFile, Map<string, Atom>>;
  /** All atoms on the board. */
  readonly atoms: Set<Atom>;
  /** Veneers by target. */
  readonly veneers: Map<string, Atom>;
  /** Undefined weak names that atoms on the board refer to. */
  readonly weakNames: Set<string>;
  /** Atoms that an earlier trial kept and a later one may free. */
  readonly kept: Set<Atom>;
  /** What the last commits changed, oldest first. */
  readonly history: CommitRecord[];
  memory: MemoryMap;
  heap: { readonly addr: number; readonly sizeBytes: number } | undefined;
  /** Once something may be thrown. */
  unwind: UnwindTable | undefined;
  nextId: number;
  /** Counts commits: a stage made before another commit is stale. */
  generation: number;
}

/** An empty session.
 *  @throws LINK_UNKNOWN_ARCH */
export function newSessionState(target: LinkTarget): SessionState {
  const arch = architectureOf(target.arch);
  return {
    target,
    arch,
    firmware: firmwareNames(target.firmware, arch, target.attached !== undefined),
    absent: new Set(),
    names: new Map(),
    statics: new Map(),
    folds: new Map(),
    members: new Map(),
    atoms: new Set(),
    veneers: new Map(),
    weakNames: new Set(),
    kept: new Set(),
    history: [],
    memory: emptyMap(target.arena.addr, target.arena.sizeBytes),
    heap: undefined,
    unwind: undefined,
    nextId: 1,
    generation: 0,
  };
}

/** Where a name stands in the archives, if anywhere. */
export function findInArchives(state: SessionState, name: string): { archive: Archive; member: number } | undefined {
  if (state.absent.has(name)) return undefined;
  for (const archive of state.target.archives) {
    const member = archive.symbols.get(name);
    if (member !== undefined) return { archive, member };
  }
  state.absent.add(name);
  return undefined;
}

/** An object file as the architecture wants it. */
export function preparedFor(state: SessionState, object: ObjectFile): ObjectFile {
  return state.arch.prepare?.(object) ?? object;
}
