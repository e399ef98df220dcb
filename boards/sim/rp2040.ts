// A Raspberry Pi Pico inside this process. No bootrom is needed: the vector table at 0x10000100 gives the stack
// pointer and the entry, as the boot code would set them.
//
// The core runs in slices, so that the rest of the process gets its turns, and only while there is something to
// run: once it sleeps in WFI nothing happens until a byte comes or an alarm is due. Its clock counts instructions
// while it runs and follows the wall clock while it sleeps.
//
//   write ─▶ inbox ─▶ line (UART0, or USB) ─▶ firmware ─▶ line ─▶ outbox ─▶ listener, after each slice

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Logger, RP2040 } from 'rp2040js';
import type { BytePort } from '../../protocol/byte-port.js';
import type { BoardRecord } from '../board.js';
import { readSegments, type Segment } from './elf-segments.js';
import { BoardError } from './errors.js';
import { FAULT, type FaultingCore, installFaultingCore } from './rp2040-core.js';
import { openUart, openUsb, type Rp2040Line } from './rp2040-lines.js';
import { Pins } from './rp2040-pins.js';
import { SimClock } from './sim-clock.js';

const FLASH_ADDR = 0x1000_0000;
const SRAM_ADDR = 0x2000_0000;
/** The vector table, behind the 256 bytes of the second-stage boot loader. */
const VECTORS_ADDR = 0x1000_0100;
/** 125 MHz */
const CYCLE_NANOS = 8;
/** About a millisecond of simulation. */
const SLICE_INSTRUCTIONS = 20_000;
/** Between two looks at the FIFO. */
const BURST_INSTRUCTIONS = 50;

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** What is used of rp2040js's watchdog. */
interface Watchdog {
  onWatchdogTrigger: () => void;
  readonly scratchData: Uint32Array;
  reason: number;
  writeUint32(offset: number, value: number): void;
}

/** Offset of the watchdog's CTRL register. */
const WATCHDOG_CTRL = 0;

function watchdogOf(chip: RP2040): Watchdog {
  return chip.findPeripheral(0x4005_8000) as unknown as Watchdog;
}

/** Starts the image on a simulated RP2040.
 *  @throws BOARD_IMAGE when it is no image for it */
export function startRp2040(board: BoardRecord, imagePath: string): BytePort {
  const { simulator } = board;
  const openLine = simulator?.kind === 'rp2040js' && simulator.usb ? openUsb : openUart;
  return new Rp2040Port(board.name, readSegments(readFileSync(imagePath), basename(imagePath)), openLine);
}

class Rp2040Port implements BytePort {
  private clock = new SimClock();
  private chip: RP2040;
  private core!: FaultingCore;
  private line!: Rp2040Line;
  private readonly pins = new Pins();
  private readonly inbox: Uint8Array[] = [];
  private inboxOffset = 0;
  private outbox = new Uint8Array(1024);
  private outboxLength = 0;
  private scheduled: { cancel(): void } | undefined;
  private sleptSinceMs: number | undefined;
  private closed = false;
  private dataListener: (bytes: Uint8Array) => void = () => {};
  private closeListener: (cause?: Error) => void = () => {};

  constructor(
    readonly name: string,
    private readonly segments: readonly Segment[],
    private readonly openLine: (chip: RP2040, onByte: (byte: number) => void) => Rp2040Line,
  ) {
    this.chip = this.boot();
    this.scheduleSlice();
  }

  get farBaud(): number | undefined {
    const uart = this.chip.uart[0]!;
    return uart.enabled && uart.baudDivider > 0 ? uart.baudRate : undefined;
  }

  write(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return;
    this.inbox.push(bytes.slice());
    if (this.core.waiting || this.scheduled === undefined) this.scheduleSlice();
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.dataListener = listener;
  }

  onClose(listener: (cause?: Error) => void): void {
    this.closeListener = listener;
  }

  /** Presses the reset button: SRAM keeps what it holds. */
  async reset(): Promise<void> {
    if (this.closed) return;
    this.restart();
    this.scheduleSlice();
  }

  /** Its pins: `pin 5 high` puts a level on one. */
  panel(words: string): readonly string[] | undefined {
    if (words !== '') {
      this.wakeClock();
      if (!this.pins.act(this.chip, words)) return undefined;
      this.scheduleSlice();
    }
    return this.pins.lines(this.chip);
  }

  async close(): Promise<void> {
    this.end(undefined);
  }

  private end(cause: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.scheduled?.cancel();
    this.closeListener(cause);
  }

  /** A chip just out of reset with the image in its memory. */
  private boot(): RP2040 {
    this.clock = new SimClock();
    const chip = new RP2040(this.clock);
    chip.logger = SILENT;
    for (const { loadAddr, bytes } of this.segments) {
      const memory = [
        { from: FLASH_ADDR, bytes: chip.flash },
        { from: SRAM_ADDR, bytes: chip.sram },
      ].find(({ from, bytes: room }) => loadAddr >= from && loadAddr + bytes.length <= from + room.length);
      if (memory === undefined) {
        throw new BoardError(
          'BOARD_IMAGE',
          `${this.name}: the image wants 0x${loadAddr.toString(16)}, where there is no memory`,
          {
            loadAddr,
          },
        );
      }
      memory.bytes.set(bytes, loadAddr - memory.from);
    }
    const core = installFaultingCore(chip);
    core.VTOR = VECTORS_ADDR;
    core.SP = chip.flashView.getUint32(VECTORS_ADDR - FLASH_ADDR, true);
    core.PC = chip.flashView.getUint32(VECTORS_ADDR - FLASH_ADDR + 4, true) & ~1;
    this.core = core;
    this.line = this.openLine(chip, (byte) => this.putByte(byte));
    watchdogOf(chip).onWatchdogTrigger = () => this.restart();
    this.pins.apply(chip);
    return chip;
  }

  /** What the watchdog does: everything begins anew, but SRAM and the watchdog's own registers keep what they hold.
   *  RP2040 data sheet, 2.13 power-on state machine, 4.7 watchdog. */
  private restart(): void {
    const before = this.chip;
    this.core.waiting = true;
    this.chip = this.boot();
    this.chip.sram.set(before.sram);
    const [watchdog, old] = [watchdogOf(this.chip), watchdogOf(before)];
    watchdog.scratchData.set(old.scratchData);
    watchdog.reason = old.reason;
    // Its alarm is set again, for no time at all, unless it is off when this returns.
    old.writeUint32(WATCHDOG_CTRL, 0);
  }

  private putByte(byte: number): void {
    if (this.outboxLength === this.outbox.length) {
      const larger = new Uint8Array(this.outbox.length * 2);
      larger.set(this.outbox);
      this.outbox = larger;
    }
    this.outbox[this.outboxLength++] = byte;
  }

  private scheduleSlice(): void {
    this.scheduled?.cancel();
    const immediate = setImmediate(() => this.slice());
    this.scheduled = { cancel: () => clearImmediate(immediate) };
  }

  private slice(): void {
    this.scheduled = undefined;
    this.wakeClock();
    let asleep = false;
    try {
      for (let left = SLICE_INSTRUCTIONS; left > 0 && !asleep; left -= BURST_INSTRUCTIONS) {
        this.feed();
        asleep = this.burst();
      }
    } catch (cause) {
      const text = `${this.name}: the simulator stopped: ${(cause as Error).message}`;
      this.end(new BoardError('BOARD_SIM_CRASH', text, {}, { cause }));
      return;
    }
    this.flush();
    if (this.closed || this.scheduled !== undefined) return;
    if (!asleep) this.scheduleSlice();
    else this.sleep();
  }

  /** Runs a few instructions; a fault ends them early.
   *  @returns whether the core sleeps and nothing wakes it */
  private burst(): boolean {
    try {
      return this.run();
    } catch (cause) {
      if (cause !== FAULT) throw cause;
      this.clock.nanos += this.core.takeFault() * CYCLE_NANOS;
      return false;
    }
  }

  private run(): boolean {
    const { chip, clock, core } = this;
    for (let left = BURST_INSTRUCTIONS; left > 0; left--) {
      if (core.waiting) {
        if (core.locked || !this.wakeFromPending()) return this.inbox.length === 0 || this.line.room() === 0;
      }
      clock.nanos += core.executeInstruction() * CYCLE_NANOS;
      if (clock.nanos >= clock.nextNanos) clock.fire();
      if (this.chip !== chip) return false;
    }
    return false;
  }

  /** WFI falls through when an interrupt is already pending; rp2040js only looks at new ones. */
  private wakeFromPending(): boolean {
    const { core } = this;
    if ((core.pendingInterrupts & core.enabledInterrupts) === 0 && !core.pendingPendSV && !core.pendingSystick) {
      return false;
    }
    core.waiting = false;
    return true;
  }

  /** Moves what fits from the inbox to the line. */
  private feed(): void {
    if (this.inbox.length === 0) return;
    const bytes: number[] = [];
    for (let room = this.line.room(); room > 0; room--) {
      const first = this.inbox[0];
      if (first === undefined) break;
      bytes.push(first[this.inboxOffset++]!);
      if (this.inboxOffset < first.length) continue;
      this.inbox.shift();
      this.inboxOffset = 0;
    }
    if (bytes.length > 0) this.line.give(bytes);
  }

  private flush(): void {
    if (this.outboxLength === 0) return;
    const bytes = this.outbox.slice(0, this.outboxLength);
    this.outboxLength = 0;
    this.dataListener(bytes);
  }

  private sleep(): void {
    this.sleptSinceMs = performance.now();
    const { nanos, nextNanos } = this.clock;
    if (nextNanos === Number.POSITIVE_INFINITY) return;
    const timer = setTimeout(() => this.slice(), Math.min((nextNanos - nanos) / 1e6, 2 ** 31 - 1));
    this.scheduled = { cancel: () => clearTimeout(timer) };
  }

  /** Lets the time pass that was slept. */
  private wakeClock(): void {
    if (this.sleptSinceMs === undefined) return;
    this.clock.nanos += (performance.now() - this.sleptSinceMs) * 1e6;
    this.sleptSinceMs = undefined;
    this.clock.fire();
  }
}
