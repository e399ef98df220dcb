// MicroPython for the micro:bit v1 on the simulated micro:bit that our stub runs on too: Debian's build of it, spoken to
// at its prompt. The UART has no flow control and the firmware a small buffer, so that source goes over in
// pieces, in paste mode, each after the echo of the one before.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBoard } from '../boards/index.js';
import { startQemu } from '../boards/sim/qemu.js';
import type { BytePort } from '../protocol/byte-port.js';
import type { Python } from './micropython-wasm.js';

const FIRMWARE = '/usr/share/firmware-microbit-micropython/firmware.hex';
const FLASH_BYTES = 256 * 1024;
const PROMPT = '>>> ';
const PASTE_PROMPT = '\r\n=== ';
const [PASTE, RUN] = ['\x05', '\x04'];
const PIECE = 32;

/** The prompt on the board. */
export interface Prompt extends Python {
  /** Types a line and Enter; what was said up to the next prompt. */
  type(line: string): Promise<string>;
}

/** The bytes of flash of an Intel HEX file; what it has for other memory (UICR) is left out. */
function flashOf(hex: string): Uint8Array {
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  let upper = 0;
  for (const line of hex.split('\n').filter((each) => each.startsWith(':'))) {
    const bytes = Buffer.from(line.slice(1).trim(), 'hex');
    const [length, type, data] = [bytes[0]!, bytes[3]!, bytes.subarray(4, -1)];
    if (type === 4) upper = data.readUInt16BE(0) * 0x10000;
    const at = upper + bytes.readUInt16BE(1);
    if (type === 0 && at + length <= FLASH_BYTES) flash.set(data, at);
  }
  return flash;
}

/** Starts it, with QEMU's options `args` besides; `wrap` may count what passes. Undefined where it is not installed. */
export async function startMicrobit(
  args: readonly string[],
  wrap: (port: BytePort) => BytePort = (port) => port,
): Promise<Prompt | undefined> {
  if (!existsSync(FIRMWARE)) return undefined;
  const dir = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  const image = join(dir, 'micropython.bin');
  writeFileSync(image, flashOf(readFileSync(FIRMWARE, 'latin1')));
  const port = wrap(await startQemu(findBoard('qemu-microbit')!, { machine: 'microbit', args }, image));
  rmSync(dir, { recursive: true, force: true });
  const prompt = new BoardPrompt(port);
  await prompt.until(PROMPT);
  return prompt;
}

class BoardPrompt implements Prompt {
  private said = '';
  private heard = (): void => {};

  constructor(private readonly port: BytePort) {
    port.onData((bytes) => {
      this.said += Buffer.from(bytes).toString('latin1');
      this.heard();
    });
  }

  /** What was said up to `end`, which is awaited. */
  async until(end: string): Promise<string> {
    while (!this.said.endsWith(end)) {
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    }
    const said = this.said.slice(0, -end.length);
    this.said = '';
    return said;
  }

  private async send(text: string, answer: string): Promise<string> {
    this.port.write(Buffer.from(text, 'latin1'));
    return this.until(answer);
  }

  async type(line: string): Promise<string> {
    return this.send(`${line}\r`, PROMPT);
  }

  private async run(source: string): Promise<string> {
    await this.send(PASTE, PASTE_PROMPT.trimStart());
    for (const line of source.trimEnd().split('\n')) {
      for (let at = 0; at < line.length; at += PIECE) {
        const piece = line.slice(at, at + PIECE);
        await this.send(piece, piece);
      }
      await this.send('\r', PASTE_PROMPT);
    }
    const said = (await this.send(RUN, PROMPT)).trim();
    if (said.includes('Traceback')) throw new Error(said.split('\r\n').at(-1));
    return said;
  }

  /** One definition at a time: the board has 16 KiB for the source, what it becomes and all else. */
  async define(source: string): Promise<void> {
    for (const part of source.replace(/^#.*\n/gm, '').split('\n\n\n')) await this.run(part);
  }

  async timed(expression: string): Promise<{ value: number; micros: number }> {
    const clock = 'utime.ticks_us()';
    const said = await this.run(
      `import gc, utime\ngc.collect()\nstart = ${clock}\nvalue = ${expression}\nprint(utime.ticks_diff(${clock}, start), value)`,
    );
    const [micros, value] = said.split(' ') as [string, string];
    return { value: Number(BigInt.asIntN(32, BigInt(value))), micros: Number(micros) };
  }

  async close(): Promise<void> {
    await this.port.close();
  }
}
