// A simulated board with its stub, and code for it as halfwords of Thumb or RISC-V instructions, so that no compiler or linker stands between
// a test and the stub. Every run has a bound: code that does not end gets BREAK, so that one test that fails does
// not leave a busy board to the next.

import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { BoardRecord } from '../../boards/board.js';
import { firmwareFolder } from '../../firmware-stub/build.js';
import { findFirmware } from '../../host/session/firmware.js';
import { DeviceLink } from '../../host/wire/link.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { crc32 } from '../../protocol/crc32.js';
import { encodeFrame } from '../../protocol/frame.js';
import { FAULT_WORDS } from '../../protocol/messages.js';
import { startPlayed } from '../support/played-boards.js';

/** No code of these tests needs as long. */
const RUN_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 2000;
/** Where the bytes lie that tests print and look after, in the arena. */
const MARK_OFFSET = 512;
const MARK = Uint8Array.of(1, 2, 3, 4);

/** Programs of every test, by processor family. `print` calls word 1 behind the program with the address in word 0
 *  and the length 4; `tail` follows, `tailLength` halfwords of it. */
const THUMB = {
  print: [0x4803, 0x2104, 0x4a03, 0x4790], // ldr r0, mark; movs r1, #4; ldr r2, bw_output; blx r2
  nop: 0xbf00,
  answer: [0x202a, 0x4770], // movs r0, #42; bx lr
};
const RV32 = {
  // auipc t0, 0; lw a0, 24(t0); c.li a1, 4; lw t1, 28(t0); c.jalr t1
  print: [0x0297, 0x0000, 0xa503, 0x0182, 0x4591, 0xa303, 0x01c2, 0x9302],
  nop: 0x0001,
  answer: [0x0513, 0x02a0, 0x8082], // addi a0, zero, 42; ret
};
/** Halfwords that may follow `print`. */
const TAIL_LENGTH = 4;

export type FaultWord = (typeof FAULT_WORDS.cortexm)[number];

/** The words of a complete fault record by name. */
export function recordOf({ failure }: BatchReply): Record<FaultWord, number> {
  const record = Buffer.from(failure.record!);
  expect(record).toHaveLength(4 * FAULT_WORDS.cortexm.length);
  const entries = FAULT_WORDS.cortexm.map((name, index) => [name, record.readUInt32LE(index * 4)]);
  return Object.fromEntries(entries) as Record<FaultWord, number>;
}

export interface ThumbBoard {
  readonly link: DeviceLink;
  /** Start of the arena; programs go here. */
  readonly arena: number;
  /** Address of the four bytes 1, 2, 3, 4. */
  readonly markAddr: number;
  /** What to call for a function of the image that the board runs. */
  entryOf(name: string): number;
  /** Where a variable of the image lies. */
  addrOf(name: string): number;
  /** Writes a program to the start of the arena and runs it. */
  runBytes(code: Uint8Array): Promise<BatchReply>;
  /** Writes a program of halfwords, with words behind it, and runs it. */
  run(halfwords: readonly number[], words?: readonly number[]): Promise<BatchReply>;
  /** Runs a program that first prints the mark and then goes on with `tail`; sends BREAK once the output is there.
   *  @throws if the program ends without output */
  breakInto(tail: readonly number[]): Promise<BatchReply>;
  /** Runs a program and sends BREAK as soon as it has printed something. */
  breakBytes(code: Uint8Array): Promise<BatchReply>;
  /** Sends PING beside whatever the link is doing. */
  ping(): void;
  /** Memory as it was, and code that runs: what must hold after everything. */
  expectAlive(): Promise<void>;
  /** Whether it answers at all, within a bound. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

/** To be called in a `describe`: once the board answers nothing any more, its other tests are skipped instead of each
 *  running into its time-out. */
export function stopOnceDead(board: () => ThumbBoard | undefined): void {
  let deadSince: string | undefined;
  beforeEach(({ skip }) => skip(deadSince !== undefined, `the board does not answer since "${deadSince}"`));
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail' && (await board()?.answers()) === false) deadSince = task.name;
  });
}

/** Starts the board with its image and marks its memory. */
export async function startThumbBoard(board: BoardRecord): Promise<ThumbBoard> {
  const folder = join(firmwareFolder(), 'build');
  const port = await startPlayed(board, join(folder, `${board.image}.elf`));
  const link = await DeviceLink.connect(port);
  try {
    const marked = await link.execute([{ op: 'WRITE', addr: link.hello.arenaAddr + MARK_OFFSET, data: MARK }]);
    expect(marked.status).toBe('OK');
    return thumbBoard(port, link, folder, board.arch === 'rv32' ? RV32 : THUMB);
  } catch (error) {
    await link.close();
    throw error;
  }
}

function bytesOf(halfwords: readonly number[], words: readonly number[] = []): Uint8Array {
  const code = Buffer.alloc(halfwords.length * 2 + words.length * 4);
  for (const [index, value] of halfwords.entries()) code.writeUInt16LE(value, index * 2);
  for (const [index, value] of words.entries()) code.writeUInt32LE(value >>> 0, halfwords.length * 2 + index * 4);
  return new Uint8Array(code);
}

function thumbBoard(port: BytePort, link: DeviceLink, folder: string, programs: typeof THUMB): ThumbBoard {
  const { symbols } = findFirmware(folder, link.hello.buildId).elf;
  const arena = link.hello.arenaAddr;
  const markAddr = arena + MARK_OFFSET;
  const addrOf = (name: string) => symbols.find((each) => each.name === name)!.value;
  // RISC-V's jumps clear bit 0 of the address.
  const entryOf = (name: string) => addrOf(name) | 1;
  const execute = (ops: readonly Op[]) => link.execute(ops, { runTimeoutMs: RUN_TIMEOUT_MS });

  function run(halfwords: readonly number[], words: readonly number[] = []): Promise<BatchReply> {
    return runBytes(bytesOf(halfwords, words));
  }

  function runBytes(data: Uint8Array): Promise<BatchReply> {
    return execute([
      { op: 'WRITE', addr: arena, data },
      { op: 'RUN', entry: arena + 1 },
    ]);
  }

  async function breakInto(tail: readonly number[]): Promise<BatchReply> {
    const code = [...programs.print, ...tail];
    while (code.length < programs.print.length + TAIL_LENGTH) code.push(programs.nop);
    return breakBytes(bytesOf(code, [markAddr, entryOf('bw_output')]));
  }

  async function breakBytes(code: Uint8Array): Promise<BatchReply> {
    const printed = new Promise<void>((resolve) => link.onOutput(() => resolve()));
    const ended = runBytes(code);
    const early = await Promise.race([printed, ended]);
    if (early !== undefined) throw new Error(`nothing printed: ${early.status}`);
    link.break();
    return ended;
  }

  async function expectAlive(): Promise<void> {
    const reply = await execute([
      { op: 'CHECK', addr: markAddr, len: MARK.length, crc: crc32(MARK) },
      { op: 'WRITE', addr: arena, data: bytesOf(programs.answer) },
      { op: 'RUN', entry: arena + 1 },
    ]);
    expect(reply.status).toBe('OK');
    expect(reply.results[2]).toMatchObject({ op: 'RUN', value: 42 });
  }

  async function answers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, ANSWER_TIMEOUT_MS, false);
    });
    const reply = link.execute([{ op: 'CRC', addr: markAddr, len: 1 }]).then(
      () => true,
      () => false,
    );
    const answered = await Promise.race([reply, late]);
    clearTimeout(timer);
    return answered;
  }

  const pingBytes = Buffer.concat([Buffer.of(0), encodeFrame({ kind: 'PING', seq: 0, body: new Uint8Array() })]);
  return {
    link,
    arena,
    markAddr,
    entryOf,
    addrOf,
    run,
    runBytes,
    breakBytes,
    breakInto,
    ping: () => port.write(new Uint8Array(pingBytes)),
    expectAlive,
    answers,
    close: () => link.close(),
  };
}
