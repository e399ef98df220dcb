// Opens a session: finds the board, starts or connects to it, and gets compiler, parser and linker ready
// meanwhile, since start → first prompt is time that a person waits.

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { BOARDS, findBoard } from '../../boards/index.js';
import { startSimulator } from '../../boards/sim/start.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { BarewireError } from '../diag/error.js';
import { packageRoot } from '../diag/package-root.js';
