// Transcripts on the board that clang from npm compiles for: its library libc++, and what the session does with it. `npm run conformance -- wasm` plays the others, too; they are left out for the time that all checks take.

import { BOARDS } from '../../boards/index.js';
import { playOn } from '../support/play-boards.js';

playOn(
  BOARDS.filter(({ name }) => name === 'wasm'),
  ['values.txt', 'libraries.txt', 'library-os.txt', 'undo.txt', 'destructors.txt'],
);
