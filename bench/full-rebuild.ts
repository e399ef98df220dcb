// What people do without barewire: the whole program is compiled, linked by lld with --gc-sections, and all of it is
// sent, here over the same protocol. Flashing and the board's restart would come on top of that.

import { join } from 'node:path';
import type { BoardRecord } from '../boards/board.js';
import { Compiler } from '../host/compile/compiler.js';
import { imageFolder } from '../host/session/board.js';
import type { Session } from '../host/session/session.js';
import { findToolchain } from '../host/toolchain/toolchain.js';
import { type CppParser, loadParser } from '../host/unit/parser.js';
import { linkWithLld } from './lld.js';

/** What a rebuild took. */
export interface Rebuild {
  readonly totalMs: number;
  readonly compileMs: number;
  readonly lldMs: number;
  /** Bytes of the board that the program needs, without heap and stack. */
  readonly boardBytes: number;
}

/** Compiles and links whole programs for a board, with the precompiled header that a session has too. */
export class Rebuilder {
  private constructor(
    private readonly board: BoardRecord,
    private readonly compiler: Compiler,
    private readonly parser: CppParser,
  ) {}

  static async create(board: BoardRecord): Promise<Rebuilder> {
    const compiler = await Compiler.create({ board, toolchain: findToolchain(board), feed: 'none' });
    return new Rebuilder(board, compiler, await loadParser());
  }

  /** Builds `source` and sends it to where nothing stands: the upper half of the arena.
   *  @param keep mangled names of what is needed */
  async rebuild(session: Session, source: string, keep: readonly string[]): Promise<Rebuild> {
    const { arenaAddr, arenaSize } = session.link.hello;
    const start = performance.now();
    const { object } = await this.compiler.compileUnit(this.parser.split(source), '', 1);
    const compileMs = performance.now() - start;
    const half = arenaAddr + (arenaSize >> 1);
    const services = [
      `--just-symbols=${join(imageFolder(), `${this.board.image}.elf`)}`,
      ...['start', 'end'].map((end) => `--defsym=__bw_heap_${end}=0`),
    ];
    const { elf, bytes, ms: lldMs } = linkWithLld(this.board, [object], keep, half, services);
    const loaded = elf.sections.filter((section) => section.bytes.length > 0 && section.addr >= half);
    await session.link.execute(loaded.map(({ addr, bytes: data }) => ({ op: 'WRITE', addr, data })));
    return { totalMs: performance.now() - start, compileMs, lldMs, boardBytes: bytes };
  }

  close(): Promise<void> {
    return this.compiler.close();
  }
}
