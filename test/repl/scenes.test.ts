// What does not depend on the core: the long tail of what is typed, each scene on one board.

import { BOARDS } from '../../boards/index.js';
import { playOn } from '../support/play-boards.js';

playOn(
  BOARDS.filter(({ name }) => name === 'qemu-mps2-an385'),
  undefined,
  'scenes',
);
