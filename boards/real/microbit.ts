// BBC micro:bit v1. Source: DAPLink, docs/ (drag-and-drop programming); the first digits of its Unique ID name the
// kind of board, 9900 and 9901 a version 1.

import type { BoardRecord } from '../board.js';
import { MICROBIT as SIMULATED } from '../microbit.js';
import { openocd, probeRs } from './flash-ways.js';

export const MICROBIT: BoardRecord = {
  ...SIMULATED,
  name: 'microbit',
  title: 'BBC micro:bit v1 (nRF51822), its USB port',
  simulator: undefined,
  flash: [
    {
      way: 'drive',
      format: 'hex',
      marker: 'DETAILS.TXT',
      says: 'Unique ID: 990[01]',
      hint: 'plug it in without pressing its button',
    },
    openocd('interface/cmsis-dap.cfg', 'target/nrf51.cfg'),
    probeRs('nRF51822_xxAA'),
  ],
};
