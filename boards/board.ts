// What barewire knows of a board: one plain record each, so that a new board is data and not code.

import type { BytePort } from '../protocol/byte-port.js';
import type { ArchName } from '../protocol/messages.js';
import type { Uart } from './uart.js';

export interface QemuSimulator {
  readonly kind: 'qemu';
  /** QEMU's `-M`. */
  readonly machine: string;
  /** `qemu-system-arm` if not given. */
  readonly program?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
  /** Which of the machine's serial ports the stub's is, from 0 on; 0 if not given. */
  readonly serial?: number;
  /** QEMU's model of the UART loses bytes that its output does not take at once. */
  readonly losesOutput?: true;
}

export interface Rp2040Simulator {
  readonly kind: 'rp2040js';
  /** The line is the chip's USB port, not its UART. */
  readonly usb?: true;
}

export type Simulator = QemuSimulator | Rp2040Simulator | { readonly kind: 'wasm' };

export interface Region {
  readonly name: string;
  readonly addr: number;
  readonly sizeBytes: number;
  readonly access: 'rx' | 'rw' | 'rwx';
}

/** How an image gets onto a board: it is copied to a drive that the board shows up as. */
export interface FlashDrive {
  readonly way: 'drive';
  readonly format: 'uf2' | 'hex' | 'bin';
  /** Name of a file on that drive, and a regular expression for what stands in it: no other board's drive has both. */
  readonly marker: string;
  readonly says: string;
  /** For people: how the drive is made to appear. */
  readonly hint: string;
  /** UF2 alone: the family of chips that the image is for. */
  readonly familyId?: number;
}

/** Or a program writes it. */
export interface FlashProgram {
  readonly way: 'program';
  readonly program: string;
  /** Arguments of each start of it, one after the other. In them `{elf}`, `{hex}`, `{bin}` and `{esp}` stand for the
   *  image in that format, `{port}` for the serial port. */
  readonly runs: readonly (readonly string[])[];
}

export type FlashWay = FlashDrive | FlashProgram;

/** What a core, and what is built for it, can and cannot do. A test that needs more is skipped on that board. */
export interface Capabilities {
  /** Where the processor says what a fault was; `inferred`: it does not say, and rules over its registers do; `traps`:
   *  WebAssembly's traps have names. */
  readonly faultStatus: 'cfsr' | 'mcause' | 'inferred' | 'traps';
  /** Who notices an integer division by zero. */
  readonly divideTrap: 'core' | 'library' | 'nobody';
  /** What keeps user code from null pointers and from the stub's code. */
  readonly protection: 'mpu' | 'mpu v8' | 'pmp' | 'guards' | 'none';
  /** The bus takes accesses to addresses where nothing is, and code there runs on, without a fault. */
  readonly silentBus?: true;
  /** The processor checks the stack pointer against a limit. */
  readonly stackLimit: boolean;
  /** Types that the floating-point unit computes. */
  readonly floatUnit: 'none' | 'float' | 'double';
  /** `whole`: headers and archive. `containers`: headers, and what containers and clocks need of the archive; no
   *  iostreams, locales, threads. */
  readonly cppLibrary: 'whole' | 'containers';
  /** printf comes without floating point until a format asks for it: 4 KiB instead of 9. */
  readonly smallPrintf: boolean;
}

/** The interrupts of a board, by the numbers that `bw::on_irq` takes: CMSIS' on Cortex-M, the PLIC's on RISC-V. */
export interface Interrupts {
  /** First and last line of the interrupt controller. */
  readonly lines: readonly [first: number, last: number];
  /** Lines that the stub works with. */
  readonly stub: readonly number[];
  /** -1, the core's own timer (SysTick; on RISC-V the machine timer): the user's, the one that `micros()` counts with,
   *  or not there. */
  readonly coreTimer: 'free' | 'clock' | 'none';
}

export interface BoardRecord {
  /** What `--board` takes: `pico-sim`, `qemu-mps2-an385`. */
  readonly name: string;
  /** For people: `Raspberry Pi Pico (simulated by rp2040js)`. */
  readonly title: string;
  /** For people, as a rule its name in cores.ts: `Cortex-M0+`. */
  readonly core: string;
  readonly arch: ArchName;
  /** clang's `--target`, `-mcpu` (on RISC-V `-march`) and `-mfloat-abi`. */
  readonly triple: string;
  readonly cpu: string;
  readonly floatAbi: 'soft' | 'softfp' | 'hard';
  /** Folder below the toolchain's library folders: `thumb/v6-m/nofp`. */
  readonly multilib: string;
  /** C library that goes with the toolchain's multilib. */
  readonly libc: 'newlib' | 'picolibc' | 'wasi';
  readonly capabilities: Capabilities;
  /** Undefined where nothing is known of them: `bw::on_irq` is not offered then. */
  readonly interrupts?: Interrupts;
  /** Base name of the stub image, `firmware-stub/build/<image>.elf`; or the path of an ELF file, absolute. */
  readonly image: string;
  readonly regions: readonly Region[];
  /** Bytes kept for `malloc` when something links it. */
  readonly heapBytes: number;
  readonly simulator: Simulator | undefined;
  /** Baud rate of the stub's UART on real hardware. */
  readonly baud: number;
  /** How that rate can be raised by running code; absent where it stays as it is. */
  readonly uart?: Uart;
  /** How the stub gets onto the real board, best way first; none where a simulator starts the image. */
  readonly flash: readonly FlashWay[];
}

/** Starts a board's simulator with its stub image and hands back the line to it. */
export type StartBoard = (board: BoardRecord, imagePath: string) => Promise<BytePort>;

/** Bytes of RAM that a board has for code and data. */
export function ramBytes({ regions }: BoardRecord): number {
  return regions.filter(({ access }) => access === 'rwx').reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
