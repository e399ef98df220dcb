// As much of an ESP32-C3 as its stub uses, with the stub's image loaded as the boot ROM would: memory and its two buses,
// interrupt matrix, UART0, system timer. Registers are those of the Technical Reference Manual; what the image does
// beyond them ends the model with an error.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readSegments } from '../../boards/sim/elf-segments.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { CAUSE, Rv32, Trap } from './rv32.js';

const DATA_BUS = 0x3fc8_0000;
const CODE_BUS = 0x4038_0000;
const SRAM_BYTES = 384 * 1024;
const RTC = 0x5000_0000;
const RTC_BYTES = 8 * 1024;

const UART = 0x6000_0000;
const UART_INTERRUPT_SOURCE = 0x600c_2054;
const FROM_CPU_SOURCE = 0x600c_20c8;
const FROM_CPU = 0x600c_0028;
const ENABLE = 0x600c_2104;
const PRIORITY = 0x600c_2114;
const THRESHOLD = 0x600c_2194;
const TIMER_OP = 0x6002_3004;
const FIFO_BYTES = 128;
const RX_FULL = 1 << 0;
const RX_QUIET = 1 << 8;
const SLICE = 20_000;

/** Registers that hold what is written to them and do nothing else here. */
const PLAIN: ReadonlySet<number> = new Set([
  0x6000_0014, // UART_CLKDIV
  0x6000_0078, // UART_CLK_CONF
  0x6000_8090, // RTC_CNTL_WDTCONFIG0
  0x6000_80a8, // RTC_CNTL_WDTWPROTECT
  0x6000_80ac, // RTC_CNTL_SWD_CONF
  0x6000_80b0, // RTC_CNTL_SWD_WPROTECT
  0x6001_f048, // TIMG_WDTCONFIG0
  0x6001_f064, // TIMG_WDTWPROTECT
  0x600c_0058, // SYSTEM_SYSCLK_CONF
]);

export class Esp32c3 implements BytePort {
  readonly name = 'esp32-c3';
  /** What was written to each register last. */
  readonly registers = new Map<number, number>();
  private readonly sram = new DataView(new ArrayBuffer(SRAM_BYTES));
  private readonly rtc = new DataView(new ArrayBuffer(RTC_BYTES));
  private readonly core = new Rv32(this.bus());
  private readonly inbox: number[] = [];
  private readonly fifo: number[] = [];
  private uartRaw = 0;
  private latched = 0n;
  private readonly outbox: number[] = [];
  private dataListener: (bytes: Uint8Array) => void = () => {};
  private closeListener: (cause?: Error) => void = () => {};
  private closed = false;

  /** @param imagePath the stub's ELF file */
  constructor(imagePath: string) {
    const file = readFileSync(imagePath);
    for (const { loadAddr, bytes } of readSegments(file, basename(imagePath))) {
      for (const [index, byte] of bytes.entries()) {
        const addr = loadAddr + index;
        const at = addr >= CODE_BUS ? addr - CODE_BUS : addr - DATA_BUS;
        this.sram.setUint8(at, byte);
      }
    }
    this.core.pc = file.readUInt32LE(24);
    this.schedule();
  }

  write(bytes: Uint8Array): void {
    this.inbox.push(...bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.dataListener = listener;
  }

  onClose(listener: (cause?: Error) => void): void {
    this.closeListener = listener;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.closeListener();
  }

  private schedule(): void {
    setImmediate(() => {
      if (this.closed) return;
      try {
        for (let left = SLICE; left > 0; left--) {
          if ((left & 31) === 0) this.feed();
          this.core.step();
        }
      } catch (cause) {
        this.closed = true;
        this.closeListener(cause as Error);
        return;
      }
      if (this.outbox.length > 0) this.dataListener(Uint8Array.from(this.outbox.splice(0)));
      this.schedule();
    });
  }

  /** Moves what fits from the line into the FIFO; a line on which nothing follows is quiet. */
  private feed(): void {
    if (this.inbox.length === 0) {
      if (this.fifo.length > 0 && this.register(UART + 0x24) & (1 << 21)) this.uartRaw |= RX_QUIET;
      return;
    }
    if (this.fifo.length < FIFO_BYTES) this.fifo.push(this.inbox.shift()!);
    if (this.fifo.length > (this.register(UART + 0x24) & 0x1ff)) this.uartRaw |= RX_FULL;
  }

  private register(addr: number): number {
    return this.registers.get(addr) ?? 0;
  }

  private asks(): number {
    const sources = [
      [UART_INTERRUPT_SOURCE, this.uartRaw & this.register(UART + 0x0c)],
      [FROM_CPU_SOURCE, this.register(FROM_CPU)],
    ];
    let best = 0;
    let bestPriority = this.register(THRESHOLD) - 1;
    for (const [source, level] of sources) {
      const number = this.register(source!);
      const priority = this.register(PRIORITY + 4 * number);
      const isOn = (this.register(ENABLE) >>> number) & 1;
      if (level === 0 || number === 0 || !isOn || priority === 0 || priority <= bestPriority) continue;
      best = number;
      bestPriority = priority;
    }
    return best;
  }

  private readRegister(addr: number): number {
    switch (addr) {
      case UART:
        return this.fifo.shift() ?? 0;
      case UART + 0x1c:
        return this.fifo.length;
      case TIMER_OP:
        return 1 << 29;
      case 0x6002_3040:
        return Number(this.latched >> 32n);
      case 0x6002_3044:
        return Number(this.latched & 0xffff_ffffn) | 0;
      default:
        if (!this.registers.has(addr)) throw new Error(`0x${addr.toString(16)} is read before it was written`);
        return this.register(addr);
    }
  }

  private writeRegister(addr: number, value: number): void {
    this.registers.set(addr, value);
    switch (addr) {
      case UART:
        this.outbox.push(value & 0xff);
        return;
      case UART + 0x10:
        this.uartRaw &= ~value;
        return;
      case TIMER_OP:
        this.latched = BigInt(Math.floor(performance.now() * 16_000));
        return;
      case UART + 0x0c:
      case UART + 0x24:
      case UART_INTERRUPT_SOURCE:
      case FROM_CPU_SOURCE:
      case FROM_CPU:
      case ENABLE:
      case THRESHOLD:
        return;
      default:
        if (PLAIN.has(addr) || (addr > PRIORITY && addr < THRESHOLD)) return;
        throw new Error(`there is no register 0x${addr.toString(16)} in this model`);
    }
  }

  private bus(): ConstructorParameters<typeof Rv32>[0] {
    const inSram = (addr: number, base: number): boolean => addr >= base && addr < base + SRAM_BYTES;
    const inRtc = (addr: number): boolean => addr >= RTC && addr < RTC + RTC_BYTES;
    const isRegister = (addr: number): boolean => addr >>> 20 === 0x600;
    const place = (addr: number, size: number, cause: number): [DataView, number] => {
      if (inSram(addr, DATA_BUS)) return [this.sram, addr - DATA_BUS];
      if (inRtc(addr)) return [this.rtc, addr - RTC];
      // The bus of code takes whole words alone.
      if (inSram(addr, CODE_BUS) && size === 4 && addr % 4 === 0) return [this.sram, addr - CODE_BUS];
      throw new Trap(cause, addr);
    };
    return {
      fetch16: (addr) => {
        if (inSram(addr, CODE_BUS)) return this.sram.getUint16(addr - CODE_BUS, true);
        if (inRtc(addr)) return this.rtc.getUint16(addr - RTC, true);
        throw new Trap(CAUSE.fetch, addr);
      },
      load: (addr, size) => {
        if (isRegister(addr)) return this.readRegister(addr);
        const [memory, at] = place(addr, size, CAUSE.load);
        return size === 1 ? memory.getUint8(at) : size === 2 ? memory.getUint16(at, true) : memory.getInt32(at, true);
      },
      store: (addr, size, value) => {
        if (isRegister(addr)) {
          this.writeRegister(addr, value);
          return;
        }
        const [memory, at] = place(addr, size, CAUSE.store);
        if (size === 1) memory.setUint8(at, value);
        else if (size === 2) memory.setUint16(at, value, true);
        else memory.setInt32(at, value, true);
      },
      interrupt: () => this.asks(),
    };
  }
}
