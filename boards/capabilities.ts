// What the boards' cores can do, for their records.

import type { Capabilities } from './board.js';

/** Armv6-M: one fault for all, without a word why. */
export const CORTEX_M0: Capabilities = {
  faultStatus: 'inferred',
  divideTrap: false,
  protection: 'none',
  stackLimit: false,
  floatUnit: 'none',
  cppLibrary: 'whole',
  smallPrintf: true,
};

/** Armv7-M. */
export const CORTEX_M3: Capabilities = {
  faultStatus: 'cfsr',
  divideTrap: true,
  protection: 'mpu',
  stackLimit: false,
  floatUnit: 'none',
  cppLibrary: 'whole',
  smallPrintf: true,
};

/** Armv7E-M with single precision. */
export const CORTEX_M4F: Capabilities = { ...CORTEX_M3, floatUnit: 'float' };

/** Armv7E-M with double precision. */
export const CORTEX_M7: Capabilities = { ...CORTEX_M3, floatUnit: 'double' };

/** Armv8-M Mainline with single precision. Its MPU knows no overlapping regions. */
export const CORTEX_M33: Capabilities = { ...CORTEX_M3, protection: 'mpu v8', stackLimit: true, floatUnit: 'float' };

/** RISC-V in machine mode, with physical memory protection; Debian has no libstdc++ for it. */
export const RV32IMAC: Capabilities = {
  faultStatus: 'mcause',
  divideTrap: false,
  protection: 'pmp',
  stackLimit: false,
  floatUnit: 'none',
  cppLibrary: 'containers',
  smallPrintf: false,
};
