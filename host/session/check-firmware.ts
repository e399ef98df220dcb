// Whether the board runs the firmware that the user named, and whether its port works. The build id is read from the
// board's memory, where the linker has put it; where there is none, all code is compared by a sum.

import { basename } from 'node:path';
import type { Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import { BarewireError, deviceError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { Clock } from '../wire/clock.js';
import type { DeviceLink } from '../wire/link.js';
import { loaded, type UserFirmware, wrongElf } from './attach.js';
import { noteOf } from './firmware.js';

/** Makes sure that the board runs this firmware.
 *  @throws SESSION_WRONG_ELF with both ids, WIRE_… */
export async function checkFirmware(link: DeviceLink, firmware: UserFirmware): Promise<void> {
  const name = basename(firmware.path);
  const note = noteOf(firmware.elf);
  if (note?.addr === undefined) {
    await compareCode(link, firmware, name);
    return;
  }
  const found = await readAt(link, note.addr, note.bytes.length);
  if (found !== undefined && Buffer.compare(found, note.bytes) === 0) return;
  const theirs = await idOnBoard(link, firmware.elf, note.addr);
  const board = theirs === undefined ? 'has no build id where that one has its own' : `runs build ${theirs}`;
  throw wrongElf(name, `it is build ${note.id}, the board ${board}`, { elf: note.id, board: theirs });
}

/** Without an id: the code itself. */
async function compareCode(link: DeviceLink, firmware: UserFirmware, name: string): Promise<void> {
  const sections = loaded(firmware.elf);
  const ops = sections.map(({ addr, sizeBytes }): Op => ({ op: 'CRC', addr, len: sizeBytes }));
  const { results } = await link.execute(ops);
  for (const [index, section] of sections.entries()) {
    const result = results[index];
    if (result?.op === 'CRC' && result.crc === crc32(section.bytes)) continue;
    throw wrongElf(
      name,
      `its ${section.name} is not what the board has there (link it with -Wl,--build-id to see whose)`,
      {
        section: section.name,
      },
    );
  }
}

async function readAt(link: DeviceLink, addr: number, len: number): Promise<Uint8Array | undefined> {
  const { results } = await link.execute([{ op: 'READ', addr, len }]);
  const [result] = results;
  return result?.op === 'READ' ? result.data : undefined;
}

/** Runs nothing, to see that code runs at all: of the port's functions hello needs but two.
 *  @throws SESSION_PORT_HANGS, WIRE_… */
export async function checkPort(link: DeviceLink, { path }: UserFirmware, clock: Clock): Promise<void> {
  const { arenaAddr } = link.hello;
  const code = Uint8Array.of(0x70, 0x47); // bx lr
  const running = link.execute([
    { op: 'WRITE', addr: arenaAddr, data: code },
    { op: 'RUN', entry: arenaAddr | 1 },
  ]);
  let stop = (): void => {};
  const late = new Promise<'late'>((resolve) => {
    stop = clock.after(PORT_MS, () => resolve('late'));
  });
  running.catch(() => undefined);
  const first = await Promise.race([running, late]).finally(stop);
  if (first !== 'late') return;
  throw deviceError(
    'SESSION_PORT_HANGS',
    `${basename(path)} answers, but code that returns at once does not run to its end: waited ${seconds(PORT_MS)} for barewire_micros.
It has to give the time and return, with interrupts off too.`,
    { waitedFor: 'barewire_micros' },
  );
}

const PORT_MS = 3000;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What it means that nobody says hello.
 *  @param error of the connection; what is none of ours is given back as it is */
export function silentFirmware(error: unknown, { path }: UserFirmware): unknown {
  if (!(error instanceof BarewireError) || error.code !== 'WIRE_NO_ANSWER') return error;
  const { port, waitedMs } = error.details as { port: string; waitedMs: number };
  return deviceError(
    'SESSION_FIRMWARE_SILENT',
    `${port}: waited ${seconds(waitedMs)} for ${basename(path)} to answer HELLO, and nothing came that makes sense.
Does its loop come to barewire_poll? Does barewire_read give -1 when nothing has come, and does barewire_write return?
Are these their line and its rate (--port, --baud)?`,
    { port, waitedMs },
    error,
  );
}

const NOTE_NAME = 0x0055_4e47; // "GNU\0"
const NOTE_HEAD_BYTES = 16;
const ID_BYTES = 20;

/** The build id of what runs on the board: where the ELF has its own, or else the first one in the same memory. */
async function idOnBoard(link: DeviceLink, elf: ObjectFile, noteAddr: number): Promise<string | undefined> {
  const here = await idAt(link, noteAddr);
  if (here !== undefined) return here;
  for (const { addr, sizeBytes } of loaded(elf)) {
    const holds = async (from: number, len: number): Promise<boolean> => {
      const { results } = await link.execute([{ op: 'FIND', addr: from, len, low: NOTE_NAME, span: 0 }]);
      const [result] = results;
      return result?.op === 'FIND' && result.words.length > 0;
    };
    let [from, len] = [(addr + 3) & ~3, sizeBytes & ~3];
    if (!(await holds(from, len))) continue;
    // Halved until the word is all that is left.
    while (len > 4) {
      const half = (len >> 3) * 4;
      if (half > 0 && (await holds(from, half))) len = half;
      else [from, len] = [from + half, len - half];
    }
    const id = await idAt(link, from - NOTE_HEAD_BYTES + 4);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The id of a note of 20 bytes at `addr`. */
async function idAt(link: DeviceLink, addr: number): Promise<string | undefined> {
  const bytes = await readAt(link, addr, NOTE_HEAD_BYTES + ID_BYTES);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isNote =
    view.getUint32(0, true) === 4 && view.getUint32(4, true) === ID_BYTES && view.getUint32(12, true) === NOTE_NAME;
  return isNote ? Buffer.from(bytes.subarray(NOTE_HEAD_BYTES)).toString('hex') : undefined;
}
