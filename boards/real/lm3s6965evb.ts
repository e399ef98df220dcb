// Stellaris LM3S6965 evaluation board, with the debugger it carries.

import type { BoardRecord } from '../board.js';
import { LM3S6965EVB as SIMULATED } from '../lm3s6965evb.js';
import { openocd } from './flash-ways.js';

export const LM3S6965EVB: BoardRecord = {
  ...SIMULATED,
  name: 'lm3s6965evb',
  title: 'Stellaris LM3S6965 evaluation board, its USB port',
  simulator: undefined,
  flash: [openocd('board/ek-lm3s6965.cfg')],
};
