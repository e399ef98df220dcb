// What a session conducts.

import type { BoardRecord } from '../../boards/board.js';
import type { Compiler } from '../compile/compiler.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { LinkSession } from '../link/session.js';
import type { CppParser } from '../unit/parser.js';
import type { UserFirmware } from './attach.js';
import type { ByteStore } from './byte-store.js';
import type { Connection } from './connection.js';
import type { FirmwareDeclarations } from './firmware-declarations.js';
import type { Guard } from './guard.js';
import type { InterruptTable } from './interrupts.js';
import type { SessionLog } from './log.js';
import type { LineRate } from './raise-rate.js';

/** The stations a session conducts; `openSession` makes them. */
export interface Stations {
  readonly board: BoardRecord;
  readonly parser: CppParser;
  readonly compiler: Compiler;
  readonly linker: LinkSession;
  readonly connection: Connection;
  readonly log: SessionLog;
  /** Where what is seldom asked for goes; closed with the session. */
  readonly store: ByteStore;
  /** What the MPU is told; undefined where there is none. */
  readonly guard: Guard | undefined;
  readonly rate: LineRate;
  /** Handlers of interrupts. */
  readonly interrupts: InterruptTable;
  /** Object of the support library that brings their table along. */
  readonly interruptInit: ObjectFile;
  /** Object of the support library that brings along what `:safe on` needs. */
  readonly trackInit: ObjectFile;
  /** Waiting for a line that ended goes on for this long. */
  readonly reconnectMs: number;
  /** Declares what inputs use of that firmware. */
  readonly firmwareNames: FirmwareDeclarations | undefined;
  /** Firmware of the user's own that the stub is in. */
  readonly user: UserFirmware | undefined;
}
