// Records that the linker makes itself.

import { RECORD_KINDS, RECORD_MAGIC } from '../../protocol/wasm-function.js';

/** A record that stands for the function whose address is its last word. */
export function aliasRecord(): { readonly bytes: Uint8Array; readonly addressOffset: number } {
  const bytes = new Uint8Array(Uint32Array.of(RECORD_MAGIC, RECORD_KINDS.alias, 0).buffer);
  return { bytes, addressOffset: bytes.length - 4 };
}
