// The processor families the linker knows. A new one is one more file here and its rows in this table.

import { BarewireError } from '../../diag/error.js';
import type { Architecture } from './architecture.js';
import { ARM_V6M, ARM_V7M } from './arm.js';
import { RV32 } from './riscv.js';
import { WASM32 } from './wasm.js';

/** Names as the boards and the handshake say them. */
export type LinkArch = 'armv6-m' | 'armv7-m' | 'armv7e-m' | 'armv8-m' | 'rv32' | 'wasm32';

const ARCHITECTURES: Readonly<Record<LinkArch, Architecture>> = {
  'armv6-m': ARM_V6M,
  'armv7-m': ARM_V7M,
  'armv7e-m': ARM_V7M,
  'armv8-m': ARM_V7M,
  rv32: RV32,
  wasm32: WASM32,
};

/** The relocations and veneers of `name`.
 *  @throws LINK_UNKNOWN_ARCH */
export function architectureOf(name: LinkArch): Architecture {
  const found: Architecture | undefined = ARCHITECTURES[name];
  if (found !== undefined) return found;
  throw new BarewireError(
    'LINK_UNKNOWN_ARCH',
    `the linker does not know the architecture ${name}; it knows ${Object.keys(ARCHITECTURES).join(', ')}`,
    { arch: name },
  );
}
