// Transcripts on the board that clang from npm compiles for: the language, its library libc++, and what the session does
// with both. Left out is what says words of one compiler, or sizes of 32-bit Arm's types.

import { BOARDS } from '../../boards/index.js';
import { playOn } from '../support/play-boards.js';

playOn(
  BOARDS.filter(({ name }) => name === 'wasm'),
  ['values.txt', 'libraries.txt', 'undo.txt', 'destructors.txt'],
);
