// The image and the support archive of the board `wasm`, built by clang from npm: a machine without any other compiler
// has them all the same.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MODULE_SECTION } from '../../boards/sim/wasm/image.js';
import { ARENA, SERVICES, STUB_MEMORY, STUB_STACK_BYTES, USER_STACK } from '../../boards/sim/wasm/layout.js';
import { type FileTree, type Llvm, loadLlvm } from '../../host/compile/yowasp/llvm.js';
import { findYowasp, type Yowasp } from '../../host/toolchain/find-yowasp.js';
import { SECTION_FLAGS, SECTION_TYPES, writeElf } from '../../host/wasm/elf-writer.js';
import { FAULT_WORDS } from '../../protocol/messages.js';
import {
  FUNCTION_HEADER_BYTES,
  RECORD_KINDS,
  RECORD_MAGIC,
  REFERENCE_BYTES,
  REFERENCE_KINDS,
  REFERENCES_OFFSET,
} from '../../protocol/wasm-function.js';
import { FirmwareError } from './error.js';

const TARGET = 'wasm32-unknown-wasip1';
const FLAGS = [
  'clang',
  '-cc1',
  '-triple',
  TARGET,
  '-emit-obj',
  '-mrelocation-model',
  'static',
  '-O2',
  '-std=c11',
  '-ffreestanding',
  '-fno-builtin',
];
const MORE = ['-Wall', '-Wextra', '-Werror', '-mframe-pointer=none', '-isysroot', '/usr', '-resource-dir', '/usr'];
/** What support code reads in records. */
const RECORD_DEFINES = [
  `BW_RECORD_FAULT_WORDS=${FAULT_WORDS.wasm32.length}u`,
  `BW_RECORD_MAGIC=${RECORD_MAGIC}u`,
  `BW_RECORD_FUNCTION=${RECORD_KINDS.function}u`,
  `BW_RECORD_OBJECT=${REFERENCE_KINDS.object}u`,
  `BW_RECORD_HEADER_WORDS=${FUNCTION_HEADER_BYTES / 4}u`,
  `BW_RECORD_REFERENCES_WORD=${REFERENCES_OFFSET / 4}u`,
  `BW_RECORD_REFERENCE_WORDS=${REFERENCE_BYTES / 4}u`,
];
const SUPPORT_FOLDER = 'support-wasm32';
/** Sources for all boards that are for this one too; `support/wasm` has the others. */
const SHARED_SUPPORT = [
  'abort.c',
  'atexit.c',
  'deleted-virtual.c',
  'irq-init.c',
  'irq-table-48.c',
  'new.c',
  'pure-virtual.c',
  'sum-init.c',
  'sum.c',
];

/** Builds both unless they are there already.
 *  @param folder the folder `firmware-stub`
 *  @returns what had to be built; undefined where clang from npm is not installed
 *  @throws FIRMWARE_BUILD_FAILED with what the compiler said */
export async function buildWasm(
  folder: string,
  yowasp: Yowasp | undefined = findYowasp(),
): Promise<string[] | undefined> {
  if (yowasp === undefined) return undefined;
  const builder = new Builder(folder, yowasp);
  const built: string[] = [];
  if (await builder.image()) built.push('wasm');
  if (await builder.support()) built.push('libbarewire.a for wasm32');
  return built;
}

class Builder {
  private llvm: Llvm | undefined;

  constructor(
    private readonly folder: string,
    private readonly yowasp: Yowasp,
  ) {}

  async image(): Promise<boolean> {
    const sources = [...this.filesIn('core', '.c'), ...this.filesIn('arch/wasm', '.c')];
    const headers = ['core', 'arch/wasm', 'generated'].flatMap((name) => this.filesIn(name, '.h'));
    const defines = [
      `STUB_ARENA_ADDR=${ARENA.addr}u`,
      `STUB_ARENA_SIZE=${ARENA.sizeBytes}u`,
      `STUB_STACK_ADDR=${USER_STACK.addr}u`,
      `STUB_STACK_SIZE=${USER_STACK.sizeBytes}u`,
    ];
    const link = [
      ...[
        'wasm-ld',
        '--no-entry',
        '--import-memory',
        '--shared-memory',
        '--max-memory=67108864',
        '--no-check-features',
      ],
      ...['--no-stack-first', `--global-base=${STUB_MEMORY.addr}`, '-z', `stack-size=${STUB_STACK_BYTES}`],
      ...['--export=__stack_pointer', '--strip-all', '-o', 'stub.wasm'],
    ];
    const print = this.fingerprint(
      [...sources, ...headers],
      [...FLAGS, ...MORE, ...defines, ...link, JSON.stringify(SERVICES)],
    );
    return this.unlessFresh('wasm.elf', print, async () => {
      const id = print.slice(0, 16);
      const buildId = `STUB_BUILD_ID=${id
        .match(/../g)!
        .map((byte) => `0x${byte}`)
        .join(',')}`;
      const flags = [...defines, buildId].flatMap((define) => ['-D', define]);
      const objects = await this.compile(sources, headers, [
        ...flags,
        '-I',
        '/h',
        '-target-feature',
        '+atomics',
        '-target-feature',
        '+bulk-memory',
      ]);
      const { 'stub.wasm': module } = await this.run([...link, ...Object.keys(objects)], objects);
      return imageOf(module as Uint8Array, id);
    });
  }

  async support(): Promise<boolean> {
    const sources = [
      ...SHARED_SUPPORT.map((name) => join(this.folder, 'support', name)),
      ...this.filesIn('support/wasm', '.c'),
    ];
    const headers = this.filesIn('support', '.h');
    const defines = RECORD_DEFINES.flatMap((define) => ['-D', define]);
    const flags = [
      '-I',
      '/h',
      '-debug-info-kind=line-tables-only',
      '-ffunction-sections',
      '-fdata-sections',
      ...defines,
    ];
    return this.unlessFresh(
      join(SUPPORT_FOLDER, 'libbarewire.a'),
      this.fingerprint([...sources, ...headers], [...FLAGS, ...MORE, ...flags]),
      async () => {
        const objects = await this.compile(sources, headers, flags);
        const { 'lib.a': archive } = await this.run(['ar', 'rcsD', 'lib.a', ...Object.keys(objects)], objects);
        return archive as Uint8Array;
      },
    );
  }

  private filesIn(name: string, ending: string): string[] {
    const path = join(this.folder, name);
    return readdirSync(path)
      .filter((file) => file.endsWith(ending))
      .sort()
      .map((file) => join(path, file));
  }

  private fingerprint(files: readonly string[], settings: readonly string[]): string {
    const hash = createHash('sha256').update(JSON.stringify([this.yowasp.version, settings]));
    for (const file of files) hash.update(`${basename(file)}\0`).update(readFileSync(file));
    return hash.digest('hex');
  }

  private async compile(
    sources: readonly string[],
    headers: readonly string[],
    flags: readonly string[],
  ): Promise<FileTree> {
    const files: FileTree = { h: treeOf(headers) };
    const objects: FileTree = {};
    for (const source of sources) {
      const name = basename(source);
      const object = name.replace(/\.c$/, '.o');
      const args = [...FLAGS, ...MORE, ...flags, '-internal-isystem', '/usr/include', '-x', 'c', '-o', object, name];
      objects[object] = (await this.run(args, { ...files, [name]: readFileSync(source) }))[object]!;
    }
    return objects;
  }

  private async run(args: readonly string[], files: FileTree): Promise<FileTree> {
    this.llvm ??= await loadLlvm(this.yowasp.url);
    const { code, stderr, files: after } = this.llvm.run(args, files);
    if (code !== 0)
      throw new FirmwareError('FIRMWARE_BUILD_FAILED', `${args[0]} failed for the board wasm:\n${stderr.trim()}`);
    return after;
  }

  private async unlessFresh(name: string, print: string, build: () => Promise<Uint8Array>): Promise<boolean> {
    const path = join(this.folder, 'build', name);
    const stamp = `${path}.stamp`;
    if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) {
      // Sources that only look newer.
      utimesSync(path, new Date(), new Date());
      return false;
    }
    mkdirSync(dirname(path), { recursive: true });
    const bytes = await build();
    for (const [file, contents] of [
      [path, bytes],
      [stamp, print],
    ] as const) {
      const temporary = `${file}.${process.pid}`;
      writeFileSync(temporary, contents);
      renameSync(temporary, file);
    }
    return true;
  }
}

function treeOf(files: readonly string[]): FileTree {
  return Object.fromEntries(files.map((file) => [basename(file), readFileSync(file)]));
}

/** The ELF file of an image: its module, its build id, and what of it user code calls. */
function imageOf(module: Uint8Array, id: string): Uint8Array {
  const note = Buffer.alloc(12 + 4 + 8);
  note.writeUInt32LE(4, 0);
  note.writeUInt32LE(8, 4);
  note.writeUInt32LE(3, 8); // NT_GNU_BUILD_ID
  note.write('GNU\0', 12, 'latin1');
  note.write(id, 16, 'hex');
  return writeElf(
    'executable',
    [
      { name: '.note.gnu.build-id', type: SECTION_TYPES.note, flags: SECTION_FLAGS.alloc, align: 4, bytes: note },
      { name: MODULE_SECTION, type: SECTION_TYPES.progbits, flags: 0, align: 4, bytes: module },
    ],
    Object.entries(SERVICES).map(([name, value]) => ({
      name,
      value,
      sizeBytes: 1,
      binding: 'global',
      type: 'func',
      section: 'absolute',
    })),
  );
}
