// The boards that ship with barewire.

import type { BoardRecord } from './board.js';
import { LM3S6965EVB } from './lm3s6965evb.js';
import { MICROBIT } from './microbit.js';
import { MPS2_AN385 } from './mps2-an385.js';
import { MPS2_AN386 } from './mps2-an386.js';
import { MPS2_AN500 } from './mps2-an500.js';
import { MPS2_AN505 } from './mps2-an505.js';
import { NETDUINOPLUS2 } from './netduinoplus2.js';
import { PICO_SIM } from './pico-sim.js';
import { SIFIVE_E } from './sifive-e.js';
import { VIRT_RV32 } from './virt-rv32.js';

export const BOARDS: readonly BoardRecord[] = [
  PICO_SIM,
  MPS2_AN385,
  LM3S6965EVB,
  MICROBIT,
  NETDUINOPLUS2,
  MPS2_AN386,
  MPS2_AN500,
  MPS2_AN505,
  VIRT_RV32,
  SIFIVE_E,
];

/** The board of this name, if there is one. */
export function findBoard(name: string): BoardRecord | undefined {
  return BOARDS.find((board) => board.name === name);
}
