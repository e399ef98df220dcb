// Netduino Plus 2, and what else has an STM32F405 and its pins PA9 and PA10 free.

import type { BoardRecord } from '../board.js';
import { NETDUINOPLUS2 as SIMULATED } from '../netduinoplus2.js';
import { openocd, probeRs } from './flash-ways.js';

export const NETDUINOPLUS2: BoardRecord = {
  ...SIMULATED,
  name: 'netduinoplus2',
  title: 'Netduino Plus 2 (STM32F405), USART1 on PA9 and PA10',
  simulator: undefined,
  flash: [
    openocd('interface/stlink.cfg', 'target/stm32f4x.cfg'),
    probeRs('STM32F405RGTx'),
    { way: 'program', program: 'dfu-util', runs: [['-a', '0', '-s', '0x08000000:leave', '-D', '{bin}']] },
  ],
};
