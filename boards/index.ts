// The boards that ship with barewire.
//
//   BOARDS        those that barewire starts by itself: simulated ones
//   OTHER_LINES   the same, with another line than one of those
//   REAL_BOARDS   those of silicon, which have to be flashed and connected

import type { BoardRecord } from './board.js';
import { LM3S6965EVB } from './lm3s6965evb.js';
import { MICROBIT } from './microbit.js';
import { MPS2_AN385 } from './mps2-an385.js';
import { MPS2_AN386 } from './mps2-an386.js';
import { MPS2_AN500 } from './mps2-an500.js';
import { MPS2_AN505 } from './mps2-an505.js';
import { NETDUINOPLUS2 } from './netduinoplus2.js';
import { PICO_SIM } from './pico-sim.js';
import { PICO_USB_SIM } from './pico-usb-sim.js';
import { ARDUINO_DUE } from './real/arduino-due.js';
import { ESP32_C3 } from './real/esp32-c3.js';
import { HIFIVE1 } from './real/hifive1.js';
import { LM3S6965EVB as REAL_LM3S6965EVB } from './real/lm3s6965evb.js';
import { MICROBIT as REAL_MICROBIT } from './real/microbit.js';
import { NETDUINOPLUS2 as REAL_NETDUINOPLUS2 } from './real/netduinoplus2.js';
import { NUCLEO_F401RE, NUCLEO_F446RE } from './real/nucleo.js';
import { PICO, PICO_USB } from './real/pico.js';
import { SIFIVE_E } from './sifive-e.js';
import { VIRT_RV32 } from './virt-rv32.js';
import { WASM } from './wasm.js';

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
  WASM,
];

/** Simulated boards that differ from one of `BOARDS` in the line alone: what is run on every board leaves them out. */
export const OTHER_LINES: readonly BoardRecord[] = [PICO_USB_SIM];

/** Boards of silicon. None of them has run its image yet: say so here when one has. */
export const REAL_BOARDS: readonly BoardRecord[] = [
  PICO,
  PICO_USB,
  REAL_MICROBIT,
  REAL_NETDUINOPLUS2,
  NUCLEO_F401RE,
  NUCLEO_F446RE,
  ARDUINO_DUE,
  REAL_LM3S6965EVB,
  HIFIVE1,
  ESP32_C3,
];

/** Every board that has a name. */
export const ALL_BOARDS: readonly BoardRecord[] = [...BOARDS, ...OTHER_LINES, ...REAL_BOARDS];

/** The board of this name, if there is one. */
export function findBoard(name: string): BoardRecord | undefined {
  return ALL_BOARDS.find((board) => board.name === name);
}
