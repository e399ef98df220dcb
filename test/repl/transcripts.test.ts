// Every transcript on the smaller cores, and on whatever board is new.

import { BOARDS } from '../../boards/index.js';
import { chosenBoards } from '../support/on-boards.js';
import { playOn } from '../support/play-boards.js';
import { elsewhere } from './other-cores.js';

playOn(chosenBoards(BOARDS.filter(({ name }) => !elsewhere.has(name)).map(({ name }) => name)));
