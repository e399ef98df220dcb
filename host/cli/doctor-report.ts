// What doctor says, made from facts alone, so that it can be tested on machines that do not exist.

import type { BoardRecord } from '../../boards/board.js';
import type { PackageManager } from '../toolchain/remedies.js';
import { type Missing, mergeCommands, type Toolchain } from '../toolchain/toolchain.js';
import { table } from './boards.js';

export interface DoctorFacts {
  /** `20.20.2` */
  readonly nodeVersion: string;
  readonly packageManager: PackageManager;
  readonly boards: readonly {
    readonly board: BoardRecord;
    readonly toolchain: Toolchain;
    /** Bytes that the stub image loads; `undefined` when there is no image, or no usable one. */
    readonly imageBytes: number | undefined;
  }[];
  /** Version of clang from npm. */
  readonly npmClang: string | undefined;
  /** `/dev/ttyACM0 (Raspberry Pi)`; or why they could not be listed. */
  readonly ports: readonly string[] | { readonly reason: string };
  readonly folders: readonly { readonly name: string; readonly path: string; readonly problem: string | undefined }[];
}

export interface DoctorReport {
  readonly lines: readonly string[];
  /** Everything that a prompt on some board needs is there, and whatever is missing keeps no board from working. */
  readonly ok: boolean;
}

const OLDEST_NODE = 20;

type Mark = 'ok' | 'missing' | '–';
interface Row {
  readonly mark: Mark;
  readonly what: string;
  readonly found: string;
}

/** Judges the facts: one row a thing, then the command that mends what is missing. */
export function judge(facts: DoctorFacts): DoctorReport {
  const rows = [
    nodeRow(facts),
    ...toolRows(facts),
    npmClangRow(facts),
    ...archiveRows(facts),
    ...imageRows(facts),
    portRow(facts),
    ...folderRows(facts),
  ];
  const bad = rows.filter((row) => row.mark === 'missing');
  const lines = table(rows.map(({ mark, what, found }) => [mark, what, found]));
  if (bad.length === 0) return { lines: [...lines, '', 'everything is there'], ok: true };
  const without = facts.npmClang === undefined ? '' : ' (the board wasm needs none of it)';
  return {
    lines: [
      ...lines,
      '',
      `${bad.length} missing${without}; this mends it:`,
      ...mend(facts).map((command) => `  ${command}`),
    ],
    ok: false,
  };
}

function nodeRow({ nodeVersion }: DoctorFacts): Row {
  const old = Number.parseInt(nodeVersion, 10) < OLDEST_NODE;
  return {
    mark: old ? 'missing' : 'ok',
    what: 'Node',
    found: old ? `${nodeVersion}: ${OLDEST_NODE} or newer is needed` : nodeVersion,
  };
}

function npmClangRow({ npmClang }: DoctorFacts): Row {
  const found = npmClang ?? 'not installed: `npm install --include=optional` brings it (106 MB), for the board wasm';
  return { mark: npmClang === undefined ? '–' : 'ok', what: 'clang from npm', found };
}

function toolRows(facts: DoctorFacts): Row[] {
  const toolchain = facts.boards[0]?.toolchain;
  if (toolchain === undefined) return [];
  const { clang, lld, llvmAr } = toolchain;
  const row = (what: string, piece: Missing['piece'], found: string | undefined): Row => ({
    mark: found === undefined ? 'missing' : 'ok',
    what,
    found: found ?? toolchain.missing.find((each) => each.piece === piece)?.reason ?? 'not found',
  });
  return [
    row('clang', 'clang', clang === undefined ? undefined : `${clang.major}, ${clang.path}`),
    row('ld.lld', 'lld', lld),
    row('llvm-ar', 'llvm-ar', llvmAr),
  ].concat(qemuRows(facts));
}

// One QEMU a processor family.
function qemuRows({ boards }: DoctorFacts): Row[] {
  const rows = new Map<string, Row>();
  for (const { board, toolchain } of boards) {
    if (board.simulator?.kind === 'rp2040js') continue;
    const what = board.arch === 'rv32' ? 'QEMU for RISC-V' : 'QEMU';
    const lack = toolchain.missing.find(({ piece }) => piece === 'qemu' || piece === 'qemu-riscv');
    rows.set(what, {
      mark: toolchain.qemu === undefined ? 'missing' : 'ok',
      what,
      found: toolchain.qemu ?? lack?.reason ?? 'not found',
    });
  }
  return [...rows.values()];
}

const LIBRARIES: ReadonlySet<Missing['piece']> = new Set(['gcc', 'newlib', 'libstdc++', 'riscv-gcc', 'picolibc']);

// Boards of one multilib share their archives: a row each would say the same thing again.
function archiveRows({ boards }: DoctorFacts): Row[] {
  const rows = new Map<string, Row>();
  for (const { board, toolchain } of boards) {
    const lacks = toolchain.missing.filter(({ piece }) => LIBRARIES.has(piece));
    const found = lacks.length > 0 ? lacks.map(({ reason }) => reason).join('; ') : toolchain.archiveDirs.join(', ');
    rows.set(board.multilib, { mark: lacks.length > 0 ? 'missing' : 'ok', what: `libraries ${board.multilib}`, found });
  }
  return [...rows.values()];
}

function imageRows({ boards }: DoctorFacts): Row[] {
  return boards.map(({ board, imageBytes }) => ({
    mark: imageBytes === undefined ? 'missing' : 'ok',
    what: `stub ${board.name}`,
    found: imageBytes === undefined ? `no image ${board.image}.elf` : `${imageBytes.toLocaleString('en')} bytes`,
  }));
}

function portRow({ ports }: DoctorFacts): Row {
  if ('reason' in ports) return { mark: '–', what: 'serial ports', found: `cannot be listed: ${ports.reason}` };
  return {
    mark: ports.length > 0 ? 'ok' : '–',
    what: 'serial ports',
    found: ports.join(', ') || 'none (simulated boards need none)',
  };
}

function folderRows({ folders }: DoctorFacts): Row[] {
  return folders.map(({ name, path, problem }) => ({
    mark: problem === undefined ? 'ok' : 'missing',
    what: `${name} folder`,
    found: problem === undefined ? path : `${path} cannot be written: ${problem}`,
  }));
}

// The commands, in the order in which they have to be run.
function mend(facts: DoctorFacts): string[] {
  const missing = facts.boards.flatMap(({ toolchain }) => toolchain.missing);
  const commands = mergeCommands([...new Set(missing.map((each) => each.remedy[facts.packageManager]))]);
  const folders = facts.folders.filter((folder) => folder.problem !== undefined).map((folder) => folder.path);
  const steps = [
    ...(Number.parseInt(facts.nodeVersion, 10) < OLDEST_NODE ? [`install Node ${OLDEST_NODE} or newer`] : []),
    ...(commands.length > 0 ? [commands.join(' && ')] : []),
    ...(facts.boards.some(({ imageBytes }) => imageBytes === undefined) ? ['npm run firmware'] : []),
    ...(folders.length > 0
      ? [`make writable: ${folders.join(' ')} (or name others by BAREWIRE_CACHE, BAREWIRE_STATE)`]
      : []),
  ];
  return steps;
}

/** Bytes of an ELF32 file (little-endian) that are loaded: the file sizes of its PT_LOAD segments; `undefined` if
 *  it is no such file or loads nothing.
 *  @see System V ABI, 5: Elf32_Ehdr (e_phoff at 28, e_phentsize at 42, e_phnum at 44), Elf32_Phdr (p_filesz at 16) */
export function loadedBytes(elf: Buffer): number | undefined {
  const MAGIC = 0x464c457f;
  const PT_LOAD = 1;
  if (elf.length < 52 || elf.readUInt32LE(0) !== MAGIC) return undefined;
  const tableOffset = elf.readUInt32LE(28);
  const entryBytes = elf.readUInt16LE(42);
  const entries = elf.readUInt16LE(44);
  if (tableOffset + entryBytes * entries > elf.length) return undefined;
  let bytes = 0;
  for (let i = 0; i < entries; i++) {
    const at = tableOffset + i * entryBytes;
    if (elf.readUInt32LE(at) === PT_LOAD) bytes += elf.readUInt32LE(at + 16);
  }
  return bytes === 0 ? undefined : bytes;
}
