// Where an input's value stands on the board.

import type { ObjectFile } from '../elf/object-file.js';
import type { StagedLink } from '../link/types.js';

/** Name that `composeInput` gives to the slot. */
const SYMBOL = '__bw_value';

/** The variable that an input's last expression initialises. */
export interface ValueSlot {
  readonly addr: number;
  readonly len: number;
}

/** The value slot of an input, if it ends in an expression. */
export function valueSlot(object: ObjectFile, staged: StagedLink): ValueSlot | undefined {
  const symbol = object.symbols.find((each) => each.name === SYMBOL && typeof each.section === 'number');
  const addr = staged.addressOf(SYMBOL);
  return symbol === undefined || addr === undefined ? undefined : { addr, len: symbol.sizeBytes };
}
