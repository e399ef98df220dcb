// A board in a QEMU process. Its UART is the process's standard input and output: no socket file to clean up, and
// a Unix socket or a socket pair is no quicker (the UART models take one byte at a time).
//
// QEMU stops watching the input while the UART is off, and firmware that turns it on does not wake QEMU's main loop,
// which then sleeps up to a second. So after the board's first word, and its first after a reset, the main loop is
// woken, by a signal that it takes from a signalfd and that has no other effect.
//
// The monitor is on a descriptor of its own, for the reset button. It tells of resets by the firmware too.
//
// The process must not outlive us. close() ends it; a normal exit of the host ends it; so does its death (tied-process.ts).

import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { BytePort } from '../../protocol/byte-port.js';
import type { BoardRecord, QemuSimulator } from '../board.js';
import { BoardError } from './errors.js';
import { type Monitor, openMonitor } from './qmp.js';
import { spawnTied } from './tied-process.js';
import { openWidePipe } from './wide-pipe.js';

const QEMU = 'qemu-system-arm';
/** Descriptor 3 is a socket, as Node makes its pipes. */
const MONITOR = ['-chardev', 'socket,id=monitor,fd=3', '-mon', 'chardev=monitor,mode=control'];
/** A stub says HELLO_REPLY within 50 ms; a silent image is left to the handshake. */
const FIRST_WORD_MS = 2000;
/** Last words of a process that are kept, in characters. */
const KEPT_WORDS = 4000;

/** Starts QEMU with the image. Resolves when the board has said something, or has had its time for it.
 *  @throws BOARD_QEMU_MISSING, BOARD_QEMU_FAILED with QEMU's own words */
export async function startQemu(
  board: BoardRecord,
  { machine, program, args: more = [], serial = 0, losesOutput }: Omit<QemuSimulator, 'kind'>,
  imagePath: string,
  qemu = program ?? QEMU,
): Promise<BytePort> {
  const monitor = process.platform === 'win32' ? ['-monitor', 'none'] : MONITOR;
  const others = Array.from({ length: serial }, () => ['-serial', 'null']).flat();
  const args = ['-M', machine, '-nographic', ...monitor, ...others, '-serial', 'stdio', ...more, '-kernel', imagePath];
  const pipe = losesOutput ? openWidePipe() : undefined;
  const child = spawnTied(qemu, args, { stdio: ['pipe', pipe?.input ?? 'pipe', 'pipe', 'pipe'] });
  pipe?.release();
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(missing(qemu, cause)));
  });
  const port = new QemuPort(board.name, qemu, child, pipe?.output ?? child.stdout!);
  await port.firstWord();
  return port;
}

function missing(qemu: string, cause: unknown): BoardError {
  const text = `${qemu} is not installed; on Debian and Ubuntu: apt install ${qemu.includes('riscv') ? 'qemu-system-misc' : 'qemu-system-arm'}; with brew: brew install qemu`;
  return new BoardError('BOARD_QEMU_MISSING', text, { qemu }, { cause });
}

class QemuPort implements BytePort {
  private readonly early: Uint8Array[] = [];
  private dataListener = (bytes: Uint8Array): void => void this.early.push(bytes);
  private closeListener: (cause?: Error) => void = () => {};
  private words = '';
  private closing = false;
  private readonly monitor: Monitor | undefined;
  private ended: { cause: Error | undefined } | undefined;
  private readonly gone: Promise<void>;
  private readonly killOnExit = () => this.child.kill('SIGKILL');

  constructor(
    readonly name: string,
    private readonly qemu: string,
    private readonly child: ChildProcess,
    private readonly output: Readable,
  ) {
    process.once('exit', this.killOnExit);
    output.on('data', (bytes: Buffer) => this.dataListener(bytes));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.words = (this.words + text).slice(-KEPT_WORDS);
    });
    const control = process.platform === 'win32' ? undefined : (child.stdio[3] as Duplex);
    this.monitor = control && openMonitor(control, () => output.once('data', () => this.wake()));
    child.stdin!.on('error', () => {}); // a broken pipe: the end of the process tells the rest
    this.gone = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        process.off('exit', this.killOnExit);
        this.ended = { cause: this.closing ? undefined : this.failure(code, signal) };
        this.closeListener(this.ended.cause);
        resolve();
      });
    });
  }

  /** @throws BOARD_QEMU_FAILED when the process ends before its first word */
  async firstWord(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_WORD_MS);
      this.output.once('data', () => resolve());
      this.gone.then(resolve);
    });
    clearTimeout(timer);
    this.wake();
    if (this.ended?.cause !== undefined) throw this.ended.cause;
  }

  write(bytes: Uint8Array): void {
    if (this.child.stdin!.writable) this.child.stdin!.write(bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.dataListener = listener;
    for (const bytes of this.early.splice(0)) listener(bytes);
  }

  onClose(listener: (cause?: Error) => void): void {
    this.closeListener = listener;
    if (this.ended !== undefined) listener(this.ended.cause);
  }

  /** Presses the reset button: RAM keeps what it holds. */
  async reset(): Promise<void> {
    await this.monitor?.reset();
  }

  private wake(): void {
    if (process.platform !== 'win32') this.child.kill('SIGIO');
  }

  async close(): Promise<void> {
    this.closing = true;
    this.child.kill('SIGKILL');
    await this.gone;
  }

  private failure(code: number | null, signal: NodeJS.Signals | null): BoardError {
    const words = this.words.trim();
    if (/No such file or directory/.test(words) && words.includes('setpriv')) return missing(this.qemu, words);
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const text = `${this.qemu} for ${this.name} ended with ${how}${words === '' ? '' : `:\n${words}`}`;
    return new BoardError('BOARD_QEMU_FAILED', text, { code, signal, words });
  }
}
