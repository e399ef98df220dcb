// Veneers: a few bytes of code within a branch's reach that jump on to a target beyond it, such as firmware in flash
// at 0x1000_0000 seen from RAM at 0x2000_0000. Addresses decide which branches need one, and veneers move addresses:
// so layout and search alternate until no branch is left over. Only ever more veneers: it ends.

import type { Architecture } from './arch/architecture.js';
import { type Atom, addressOfTarget, type Fixup, type Target } from './atom.js';
import { type Layout, layOut } from './layout.js';
import type { MemoryMap } from './memory-map.js';
import type { Redefinition } from './redefine.js';
import { isInRange } from './relocate.js';
import type { SessionState } from './session-state.js';
import type { Lifetime } from './types.js';

export interface VeneeredLayout extends Layout {
  /** All new atoms, veneers last. */
  readonly atoms: readonly Atom[];
  readonly nextId: number;
}

/** Lays out `atoms`, with a veneer for every target that a branch cannot reach, shared per target and lifetime.
 *  Sets `via` of new fixups and of the retargets.
 *  @throws LINK_ARENA_FULL */
export function layOutWithVeneers(
  state: SessionState,
  memory: MemoryMap,
  atoms: readonly Atom[],
  redefinition: Redefinition,
  input: number,
  firstId: number,
): VeneeredLayout {
  const veneers = new Map<string, Atom>();
  let nextId = firstId;
  for (;;) {
    const all = [...atoms, ...veneers.values()];
    const layout = layOut(state, memory, all, redefinition.keptPlaces);
    let added = false;
    const branch = (atom: Atom, end: { target: Target; via: Atom | undefined }, fixup: Fixup): void => {
      if (!fixup.row.veneer || end.target.kind === 'weak') return;
      const place = { arch: state.arch, atom, fixup, target: end.target, via: undefined };
      if (isInRange(place)) {
        end.via = undefined;
        return;
      }
      const old = state.veneers.get(targetKey(end.target));
      if (old !== undefined && isInRange({ ...place, via: old })) {
        end.via = old;
        return;
      }
      const key = `${atom.lifetime} ${targetKey(end.target)}`;
      let veneer = veneers.get(key);
      if (veneer === undefined) {
        veneer = makeVeneer(state.arch, end.target, fixup.symbol, atom.lifetime, input, nextId++);
        veneers.set(key, veneer);
        added = true;
      }
      end.via = veneer;
    };
    for (const atom of atoms) for (const fixup of atom.fixups) branch(atom, fixup, fixup);
    for (const retarget of redefinition.retargets) branch(retarget.atom, retarget, retarget.fixup);
    if (!added) return { ...layout, atoms: all, nextId };
  }
}

/** Under which key a veneer to `target` is shared. */
export function targetKey(target: Target): string {
  return target.kind === 'atom' ? `atom ${target.atom.id}+${target.offset}` : `address ${addressOfTarget(target)}`;
}

/** Code that jumps to `target`; without an address yet.
 *  @param symbol what to call the target */
export function makeVeneer(
  arch: Architecture,
  target: Target,
  symbol: string | undefined,
  lifetime: Lifetime,
  input: number,
  id: number,
): Atom {
  const { bytes, align, relocation } = arch.veneer;
  // A branch has no Thumb bit to give; whatever it reaches is code of this core's only state.
  const callable: Target = target.kind === 'weak' ? target : { ...target, thumb: 1 };
  return {
    id,
    input,
    origin: 'veneer',
    object: undefined,
    section: undefined,
    start: 0,
    name: `veneer to ${symbol ?? 'code'}`,
    kind: 'code',
    align,
    sizeBytes: bytes.length,
    bytes,
    foldKey: undefined,
    symbols: [],
    fixups: [{ ...relocation, addend: 0, symbol, target: callable, via: undefined }],
    lifetime,
    addr: 0,
    spanBytes: 0,
    escaped: false,
  };
}
