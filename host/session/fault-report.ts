// The record of a fault or stop, in words, with the names of the session and of the input that ran.

import type { BoardRecord } from '../../boards/board.js';
import type { Hello } from '../../protocol/hello.js';
import { STATUSES } from '../../protocol/messages.js';
import type { LinkSession } from '../link/session.js';
import type { StagedLink } from '../link/types.js';
import { describeFault, type FaultReport } from '../show/fault.js';
import { typedFile } from '../unit/declared-at.js';
import type { ArenaImage } from './arena-image.js';
import { faultContext } from './fault-context.js';
import type { Guard } from './guard.js';
import { plainPath, type TypedInputs } from './input-record.js';
import { keptFromWrites } from './kept-from-writes.js';
import type { MadeInput } from './made-input.js';
import { REFUSED, refusedInterrupt } from './refused-interrupt.js';

/** Where the board keeps the record of a fault in a handler over the restart that this takes. */
const KEPT_RECORD = 'bw_fault_record';
/** On RISC-V, in `firmware-stub/support/irq-riscv.c`: whose handler runs, 0 for the machine timer's. */
const RUNNING = 'bw_irq_now';

export interface ReportParts {
  readonly board: BoardRecord;
  readonly linker: LinkSession;
  readonly guard: Guard | undefined;
  /** The board runs firmware of the user's own. */
  readonly attached: boolean;
  readonly image: ArenaImage;
  readonly hello: Hello;
  readonly typed: TypedInputs;
  /** Reads memory of the board.
   *  @throws when it cannot be read */
  readonly read: (addr: number, len: number) => Promise<Uint8Array>;
}

const wordsOf = (bytes: Uint8Array): Uint32Array =>
  Uint32Array.from({ length: bytes.length >> 2 }, (_, index) =>
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * index, true),
  );

/** @param record as the board gave it
 *  @param staged the input that ran, when one did */
export async function reportFault(
  record: Uint8Array,
  { board, linker, guard, attached, image, hello, typed, read }: ReportParts,
  staged?: StagedLink,
  made?: MadeInput,
): Promise<FaultReport> {
  const words = wordsOf(record);
  const names = staged ?? linker;
  const inputFile = made && plainPath(made.fileName ?? `input_${made.input}`);
  const running = board.arch === 'rv32' ? linker.addressOf(RUNNING) : undefined;
  const context = faultContext({
    hello,
    board,
    names,
    firmware: linker.firmware,
    attached,
    image,
    inputFile,
    sourceOf: (file) =>
      (made !== undefined && plainPath(typedFile(file)) === inputFile ? made : typed.named(file))?.unit.text,
    read,
    keptFromWrites: (addr) => keptFromWrites(addr, guard, names),
  });
  const interrupt = running === undefined ? undefined : wordsOf(await read(running, 4))[0];
  const report = await describeFault(words, interrupt === undefined ? context : { ...context, interrupt });
  const refused = board.arch === 'wasm32' ? names.addressOf(REFUSED) : undefined;
  const kept = refused === undefined ? undefined : wordsOf(await read(refused, 8));
  const cause = refusedInterrupt(words, board, names, kept);
  return cause === undefined ? report : { ...report, cause, mistake: undefined, code: 'SESSION_NO_INTERRUPT' };
}

/** What a handler did that faulted between two runs, which made the board restart; undefined when that is not why it
 *  did, or nothing is known of it. */
export async function reportKeptFault(parts: ReportParts): Promise<FaultReport | undefined> {
  const { hello, linker } = parts;
  const addr = linker.addressOf(KEPT_RECORD);
  const sizeBytes = addr === undefined ? undefined : linker.sizeOf(KEPT_RECORD);
  if (hello.cause !== STATUSES.FAULT.code || addr === undefined || sizeBytes === undefined) return undefined;
  return reportFault(await parts.read(addr, sizeBytes), parts);
}
