// Runs an input the way the prompt does (split, compile, link, run) on a simulated core, without board or line, and
// shows the value it left: what `show` prints is checked against what real code put into memory.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RP2040 } from 'rp2040js';
import { PICO_SIM } from '../../boards/pico-sim.js';
import { Compiler } from '../../host/compile/compiler.js';
import type { ObjectFile } from '../../host/elf/object-file.js';
import { readObject } from '../../host/elf/read-object.js';
import { LinkSession } from '../../host/link/session.js';
import type { StagedLink } from '../../host/link/types.js';
import { formatSlot, type MemoryReader, type ShowLimits } from '../../host/show/slot.js';
import { findToolchain } from '../../host/toolchain/toolchain.js';
import { type CppParser, loadParser } from '../../host/unit/parser.js';
import { archive } from './link-support.js';

const ARENA = { addr: 0x2000_0000, sizeBytes: 0x38000 };
const STACK = 0x2003_e000;
const RETURN = 0x2003_f000;
const MAX_STEPS = 5_000_000;

/** What the C library asks of a system. */
const SUPPORT = `
extern "C" {
extern char heap_start __asm__("__bw_heap_start"), heap_end __asm__("__bw_heap_end");
void *_sbrk(int more) {
  static char *at = &heap_start;
  char *old = at;
  if (at + more > &heap_end) return reinterpret_cast<void *>(-1);
  at += more;
  return old;
}
int _write(int, const char *, int length) { return length; }
int _close(int) { return -1; }
int _lseek(int, int, int) { return 0; }
int _read(int, char *, int) { return 0; }
int _fstat(int, void *) { return -1; }
int _isatty(int) { return 1; }
int _kill(int, int) { return -1; }
int _getpid() { return 1; }
void _exit(int) { for (;;); }
void abort() { for (;;); }
void *__dso_handle;
int __aeabi_atexit(void *, void (*)(void *), void *) { return 0; }
int __cxa_atexit(void (*)(void *), void *, void *) { return 0; }
}
`;

/** An input that ran: its object, where its value is, and the memory it left. */
export interface Ran {
  readonly object: ObjectFile;
  readonly slotAddr: number;
  readonly staged: StagedLink;
  readonly memory: MemoryReader & { readonly reads: readonly { addr: number; len: number }[] };
}

/** Compiles and runs inputs, each on a board of its own. */
export class Bench {
  private constructor(
    private readonly parser: CppParser,
    private readonly compiler: Compiler,
    private readonly support: ObjectFile,
  ) {}

  static async open(cacheDir: string, extra: readonly string[] = []): Promise<Bench> {
    mkdirSync(join(cacheDir, 'pch'), { recursive: true });
    const [parser, compiler] = await Promise.all([
      loadParser(),
      Compiler.create({ board: PICO_SIM, toolchain: findToolchain(PICO_SIM), cacheDir, extra, feed: 'none' }),
    ]);
    const support = await compiler.compileUnit(parser.split(SUPPORT), '', 0, 'support');
    return new Bench(parser, compiler, readObject(support.object, 'support'));
  }

  close(): Promise<void> {
    return this.compiler.close();
  }

  /** Runs one input to its end. */
  async run(text: string): Promise<Ran> {
    const unit = this.parser.split(text);
    const compiled = await this.compiler.compileUnit(unit, '', 1, 'input_1');
    const object = readObject(compiled.object, 'input 1');
    const link = new LinkSession({
      arch: 'armv6-m',
      arena: ARENA,
      heapBytes: 0x10000,
      archives: ['libgcc.a', 'libc_nano.a', 'libm.a', 'libstdc++_nano.a', 'libsupc++_nano.a'].map((n) => archiveOf(n)),
    });
    const core = new Core();
    const support = link.stage(this.support, { input: 0, keep: 'all' });
    core.load(support);
    link.commit(support);
    const staged = link.stage(object, { input: 1 });
    core.load(staged);
    for (const entry of staged.entries) core.call(entry);
    const slotAddr = staged.addressOf('__bw_value');
    if (slotAddr === undefined) throw new Error(`${text} has no value`);
    const reads: { addr: number; len: number }[] = [];
    return {
      object,
      slotAddr,
      staged,
      memory: {
        reads,
        read: async (addr, len) => {
          reads.push({ addr, len });
          return core.read(addr, len);
        },
        symbolAt: (addr) => staged.symbolAt(addr),
      },
    };
  }

  /** Text of an input's value, device addresses replaced by `@`. */
  async show(text: string, limits: Partial<ShowLimits> = {}): Promise<string | undefined> {
    const { object, slotAddr, memory } = await this.run(text);
    return (await formatSlot(object, slotAddr, memory, limits))?.replace(/0x200[0-9a-f]{5}/g, '@');
  }
}

const archives = new Map<string, ReturnType<typeof archive>>();

function archiveOf(name: string): ReturnType<typeof archive> {
  let found = archives.get(name);
  if (!found) {
    found = archive(name, 'v6-m');
    archives.set(name, found);
  }
  return found;
}

/** A Cortex-M0+ with RAM and nothing else. */
class Core {
  private readonly mcu = new RP2040();

  load(staged: StagedLink): void {
    for (const block of staged.blocks) {
      const at = block.addr - ARENA.addr;
      this.mcu.sram.set(block.bytes, at);
      this.mcu.sram.fill(0, at + block.bytes.length, at + block.bytes.length + block.zeroBytes);
    }
  }

  read(addr: number, len: number): Uint8Array {
    const at = addr - ARENA.addr;
    if (at < 0 || at + len > this.mcu.sram.length) throw new Error(`no memory at 0x${addr.toString(16)}`);
    return this.mcu.sram.slice(at, at + len);
  }

  call(entry: number): void {
    const { core } = this.mcu;
    core.registers[13] = STACK;
    core.registers[14] = RETURN | 1;
    core.PC = entry & ~1;
    for (let steps = 0; core.PC !== RETURN; steps++) {
      if (steps > MAX_STEPS) throw new Error(`still running, at 0x${core.PC.toString(16)}`);
      core.executeInstruction();
    }
  }
}
