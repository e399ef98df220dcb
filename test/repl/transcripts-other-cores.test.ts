// Every transcript on one board of each further class of cores, and the core's own on the others.

import { BOARDS } from '../../boards/index.js';
import { playOn } from '../support/play-boards.js';
import { COUSINS_PLAY, classes, cousins } from './other-cores.js';

playOn(BOARDS.filter(({ name }) => classes.has(name)));
playOn(
  BOARDS.filter(({ name }) => cousins.has(name)),
  COUSINS_PLAY,
);
