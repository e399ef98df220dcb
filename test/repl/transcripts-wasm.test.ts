// Every transcript on the board that clang from npm compiles for.

import { BOARDS } from '../../boards/index.js';
import { playOn } from '../support/play-boards.js';

playOn(BOARDS.filter(({ name }) => name === 'wasm'));
