// The Raspberry Pi Pico of pico-sim with its USB port as the line.

import type { BoardRecord } from './board.js';
import { PICO_SIM } from './pico-sim.js';

const { uart, ...pico } = PICO_SIM;

export const PICO_USB_SIM: BoardRecord = {
  ...pico,
  name: 'pico-usb-sim',
  title: 'Raspberry Pi Pico on USB, simulated in-process by rp2040js',
  interrupts: { lines: [0, 25], stub: [0, 5], coreTimer: 'free' },
  image: 'pico-usb',
  simulator: { kind: 'rp2040js', usb: true },
};
