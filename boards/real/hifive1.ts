// SiFive HiFive1, with the debugger it carries.

import type { BoardRecord } from '../board.js';
import { SIFIVE_E } from '../sifive-e.js';
import { openocd } from './flash-ways.js';

export const HIFIVE1: BoardRecord = {
  ...SIFIVE_E,
  name: 'hifive1',
  title: 'SiFive HiFive1 (FE310-G000), its USB port',
  simulator: undefined,
  flash: [openocd('board/sifive-hifive1.cfg')],
};
