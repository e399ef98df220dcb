// Raspberry Pi Pico. Source: RP2040 data sheet, 2.8.4 and 2.8.5 (USB boot, UF2).

import type { BoardRecord } from '../board.js';
import { PICO_SIM } from '../pico-sim.js';
import { PICO_USB_SIM } from '../pico-usb-sim.js';
import { openocd, probeRs } from './flash-ways.js';

export const PICO: BoardRecord = {
  ...PICO_SIM,
  name: 'pico',
  title: 'Raspberry Pi Pico (RP2040), UART on GPIO 0 and 1',
  simulator: undefined,
  flash: [
    {
      way: 'drive',
      format: 'uf2',
      marker: 'INFO_UF2.TXT',
      says: 'Board-ID: RPI-RP2\\b',
      hint: 'hold its BOOTSEL button while you plug it in',
      familyId: 0xe48b_ff56,
    },
    { way: 'program', program: 'picotool', runs: [['load', '--verify', '--execute', '{elf}']] },
    openocd('interface/cmsis-dap.cfg', 'target/rp2040.cfg'),
    probeRs('RP2040'),
  ],
};

export const PICO_USB: BoardRecord = {
  ...PICO_USB_SIM,
  name: 'pico-usb',
  title: 'Raspberry Pi Pico (RP2040), its USB port',
  simulator: undefined,
  flash: PICO.flash,
};
