// Opens a session: finds the board, starts or connects to it, and gets compiler, parser and linker ready
// meanwhile, since start → first prompt is time that a person waits.

import { readFileSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { startSimulator } from '../../boards/sim/index.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { Compiler, type CompilerOptions } from '../compile/compiler.js';
import { BarewireError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import { readObject } from '../elf/read-object.js';
import { LinkSession } from '../link/session.js';
import { findToolchain, requireToolchain } from '../toolchain/toolchain.js';
import { DeclarationStore } from '../unit/declarations.js';
import { type CppParser, loadParser } from '../unit/parser.js';
import { systemClock } from '../wire/clock.js';
import { parseLine } from '../wire/line-words.js';
import { modelLine } from '../wire/model-line.js';
import { portOpener } from '../wire/ports/open.js';
import { addResetLine, type ResetLine } from '../wire/ports/reset-line.js';
import { writeTrace } from '../wire/trace.js';
import { memberWith, openArchives } from './archives.js';
import { attachedFirmware, boardOf, readUserFirmware, type UserFirmware } from './attach.js';
import { boardNamed, boardOfImagePath, boardWord, imageFolder, imageOf } from './board.js';
import { ByteStore } from './byte-store.js';
import { checkFirmware, checkPort, silentFirmware } from './check-firmware.js';
import { checkHello, checkImage } from './check-image.js';
import { Connection, type Line } from './connection.js';
import { defaultBoard } from './default-board.js';
import { buildIdOf, findFirmware } from './firmware.js';
import { FirmwareDeclarations } from './firmware-declarations.js';
import { FirmwareIndex } from './firmware-index.js';
import { Guard, guardPlan, REGION_TABLE } from './guard.js';
import { InterruptTable, IRQ_INIT } from './interrupts.js';
import type { JournalFile, SyncPolicy } from './journal-file.js';
import { beginJournal, reopenJournal } from './journals.js';
import { type RecordedSession, SessionLog, type StartRecord } from './log.js';
import { LineRate, RATE_TABLE, RATES } from './raise-rate.js';
import { SUM_INIT, TRACK_INIT } from './safe-mode.js';
import { Session } from './session.js';

export interface OpenOptions {
  /** ELF file of firmware of the user's own that has the stub in it. */
  readonly elf?: string;
  /** Name of a board, or path of a board file; `defaultBoard` if neither this nor `port` is given. */
  readonly board?: string;
  /** Where a board is, as `--port` takes it: see host/wire/ports/open.ts. */
  readonly port?: string;
  /** Fastest rate that the line is raised to where both ends can, in bits a second; 921,600 if absent. */
  readonly baud?: number;
  /** Modem line of the port that resets the board. */
  readonly resetLine?: ResetLine;
  /** A modelled line in front of the board, as `--line` takes it. */
  readonly lineModel?: string;
  /** File that every byte on the line is recorded in. */
  readonly trace?: string;
  /** How inputs are compiled. */
  readonly compile?: Pick<CompilerOptions, 'optimize' | 'std' | 'rtti' | 'exceptions' | 'extra' | 'headers'>;
  /** Begin with `:safe on`. */
  readonly safe?: boolean;
  /** Compiler to use instead of the one found. */
  readonly clang?: string;
  /** How the compiler gets its input; for the benchmarks. */
  readonly feed?: CompilerOptions['feed'];
  /** Stands between the line and the board's port: a modelled line, a counter of bytes. */
  readonly wrapPort?: (port: BytePort) => BytePort;
  /** Instead of what `board` and `port` say: for tests. */
  readonly line?: Line;
  /** Folder to keep a journal of the session in; none is kept if absent. */
  readonly journalDir?: string;
  /** When the journal is brought to the disk. */
  readonly journalSync?: SyncPolicy;
  /** Journal of a session to take up again; it is written on. Board, port and compiler are as they were then unless
   *  they are given. */
  readonly resume?: string;
  /** Learns what there is to be told from the start on. */
  readonly onNotice?: (text: string) => void;
  /** Told what is waited for, when something takes longer than a second. */
  readonly onWait?: (text: string) => void;
  /** How long to wait for a line that ended, in milliseconds. */
  readonly reconnectMs?: number;
}

/** Waiting for a line that ended goes on for this long, unless somebody is there who can end it. */
const RECONNECT_MS = 60_000;

const DEFAULT_BAUD = 115_200;

/** How the board that `options` name is reached, now and when it comes back. */
async function lineTo(
  options: OpenOptions,
  board: BoardRecord | undefined,
  serialNumber: string | undefined,
): Promise<Line> {
  const line = options.line ?? (await bareLine(options, board, serialNumber));
  const { lineModel } = options;
  const model = lineModel === undefined ? undefined : parseLine(lineModel);
  const wrapPort = options.wrapPort ?? (model && ((port: BytePort): BytePort => modelLine(port, model, systemClock)));
  return wrapPort === undefined ? line : { ...line, open: async () => wrapPort(await line.open()) };
}

async function bareLine(
  { port, baud, elf, resetLine }: OpenOptions,
  board: BoardRecord | undefined,
  knownSerialNumber: string | undefined,
): Promise<Line> {
  if (port === undefined) {
    const simulated = board!;
    if (simulated.simulator === undefined) {
      throw new BarewireError('CLI_NO_PORT', `${simulated.name} is a real board: say where it is with --port PATH`, {
        board: simulated.name,
      });
    }
    const image = elf ?? imageOf(simulated);
    return { what: simulated.name, open: () => startSimulator(simulated, image), startsBoard: true };
  }
  // The rate of the user's own firmware is the user's to say.
  const rate = (elf === undefined ? undefined : baud) ?? board?.baud ?? DEFAULT_BAUD;
  const { open, serialNumber } = await portOpener(port, rate, knownSerialNumber);
  const openPort = resetLine === undefined ? open : async () => addResetLine(await open(), resetLine);
  return { what: port.replace(/\/\/[^@/]*@/, '//'), open: openPort, startsBoard: false, serialNumber };
}

async function connect(
  options: OpenOptions,
  board: BoardRecord | undefined,
  serialNumber: string | undefined,
): Promise<Connection> {
  const { trace, baud } = options;
  return Connection.open(await lineTo(options, board, serialNumber), (port) => ({
    otherBauds: baud === undefined ? RATES : [baud, ...RATES],
    ...(trace === undefined ? {} : { trace: writeTrace(trace, port.name) }),
  }));
}

/** The image that the board runs: the one that its record names, or one of ours.
 *  @throws SESSION_UNKNOWN_BUILD, and what `checkImage` throws */
function firmwareOf(board: BoardRecord, buildId: string): ObjectFile {
  if (isAbsolute(board.image)) {
    const elf = ownImage(board);
    if (buildIdOf(elf) === buildId) return elf;
  }
  return findFirmware(imageFolder(), buildId).elf;
}

/** The image of a board of the user's own.
 *  @throws SESSION_NO_IMAGE, ELF_…, and what `checkImage` throws */
function ownImage(board: BoardRecord): ObjectFile {
  const path = imageOf(board);
  const elf = readObject(readFileSync(path), basename(path));
  checkImage(board, elf, path);
  return elf;
}

/** Lets the parser compile its wasm and its patterns now (25 ms) and not on the first Enter. */
function warmedUp(parser: CppParser): CppParser {
  parser.split('int f(int a) { return a; } f(1)');
  return parser;
}

/** What is not said again is as it was. */
function asRecorded(options: OpenOptions, { start }: RecordedSession): OpenOptions {
  const { port, clang } = start;
  const said = options.board !== undefined || options.port !== undefined || options.line !== undefined;
  return {
    ...(clang === undefined ? {} : { clang }),
    ...(said ? {} : { board: start.board, ...(port === undefined ? {} : { port }) }),
    ...options,
    compile: { ...(start.compile as OpenOptions['compile']), ...options.compile },
  };
}

/** The board for whoever named none; says so where that is not the usual one. */
function chosenBoard({ clang, onNotice }: OpenOptions): string {
  const { name, why, isUsual } = defaultBoard(clang);
  if (!isUsual) onNotice?.(why);
  return name;
}

/** Opens a session on the board that `options` name, or takes one up again.
 *  @throws BOARD_…, WIRE_… when the board is not there, TOOLCHAIN_…, COMPILE_…, SESSION_… when something is missing */
export async function openSession(given: OpenOptions = {}): Promise<Session> {
  if (given.resume === undefined) return openWith(given, undefined, undefined);
  const { file, recorded } = reopenJournal(given.resume, given.journalSync);
  try {
    return await openWith(asRecorded(given, recorded), recorded, file);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openWith(
  options: OpenOptions,
  recorded: RecordedSession | undefined,
  resumed: JournalFile | undefined,
): Promise<Session> {
  const user = options.elf === undefined ? undefined : readUserFirmware(options.elf);
  let board =
    options.board === undefined && options.port !== undefined
      ? undefined
      : boardNamed(options.board ?? chosenBoard(options));
  if (board !== undefined && isAbsolute(board.image)) ownImage(board);
  const connecting = connect(options, board, recorded?.start.serialNumber);
  const parsing = loadParser().then(warmedUp);
  // Whoever is awaited later must not be an unhandled rejection meanwhile.
  for (const promise of [connecting, parsing]) promise.catch(() => undefined);
  if (user !== undefined) board = await attachTo(user, connecting, board);
  board ??= boardOfImagePath(findFirmware(imageFolder(), (await connecting).link.hello.buildId).path);
  checkExceptions(board, options);
  const toolchain = findToolchain(board, { clang: options.clang });
  const compiling = Compiler.create({
    board,
    toolchain,
    ...options.compile,
    // What the firmware calls private is what its author wants to look at.
    ...(user === undefined ? {} : { extra: [...(options.compile?.extra ?? []), '-fno-access-control'] }),
    ...(options.feed === undefined ? {} : { feed: options.feed }),
    onWait: options.onWait,
  });
  compiling.catch(() => undefined);
  try {
    // Of all that is missing this is to be heard of first.
    if (board.libc !== 'wasi') requireToolchain(toolchain);
    const exceptions = options.compile?.exceptions ?? false;
    const archives = openArchives(board, toolchain, imageFolder(), exceptions);
    const connection = await connecting;
    const { arenaAddr, arenaSize, arch, buildId } = connection.link.hello;
    if (user === undefined) checkHello(board, connection.link.hello);
    const firmware = user?.elf ?? firmwareOf(board, buildId);
    const plan = guardPlan(board, firmware, { addr: arenaAddr, len: arenaSize });
    const arena = plan?.target.arena ?? { addr: arenaAddr, len: arenaSize };
    const linker = new LinkSession({
      arch,
      arena: { addr: arena.addr, sizeBytes: arena.len },
      heapBytes: board.heapBytes,
      firmware,
      ...(user === undefined ? {} : { attached: attachedFirmware(user, connection.link.hello) }),
      archives,
      exceptions,
    });
    const store = new ByteStore();
    const setter = memberWith(archives, REGION_TABLE);
    const guard = plan === undefined || setter === undefined ? undefined : new Guard({ plan, linker, setter });
    const rateSetter = memberWith(archives, RATE_TABLE)!;
    const ceiling = options.baud ?? RATES[0]!;
    const rate = new LineRate({
      // What else firmware of the user's own does with the UART is its own business.
      uart: user === undefined ? board.uart : undefined,
      baseBaud: board.baud,
      linker,
      setter: rateSetter,
      link: () => connection.link,
      ceiling,
    });
    const log = logOf(options, recorded, resumed, store, {
      board: boardWord(board),
      buildId,
      arena: { addr: arenaAddr, len: arenaSize },
      serialNumber: connection.line.serialNumber,
    });
    const session = new Session(
      {
        board,
        parser: await parsing,
        compiler: await compiling,
        linker,
        connection,
        log,
        store,
        guard,
        rate,
        trackInit: memberWith(archives, guard?.canTrack ? TRACK_INIT : SUM_INIT)!,
        interrupts: new InterruptTable(board, linker),
        interruptInit: memberWith(archives, IRQ_INIT)!,
        reconnectMs: options.reconnectMs ?? RECONNECT_MS,
        user,
        firmwareNames: user && new FirmwareDeclarations(new FirmwareIndex(user.elf), await parsing),
      },
      DeclarationStore.empty,
    );
    if (options.onNotice !== undefined) session.onNotice(options.onNotice);
    const before = recorded === undefined ? undefined : await session.resume(recorded);
    // A session that is taken up again has done so when it had its memory back.
    if (recorded === undefined) await rate.raise();
    await session.protect();
    if (options.safe ?? before?.safe) await session.safe.on();
    return session;
  } catch (error) {
    await Promise.allSettled([
      connecting.then((connection) => connection.close()),
      compiling.then((compiler) => compiler.close()),
    ]);
    throw error;
  }
}

/** The board of the user's firmware, once it is known to run that; the line is closed if it does not.
 *  @throws SESSION_WRONG_ELF, WIRE_… */
async function attachTo(
  user: UserFirmware,
  connecting: Promise<Connection>,
  known: BoardRecord | undefined,
): Promise<BoardRecord> {
  const connection = await connecting.catch((error: unknown) => {
    throw silentFirmware(error, user);
  });
  try {
    const board = boardOf(user, connection.link.hello, known);
    await checkFirmware(connection.link, user);
    await checkPort(connection.link, user, systemClock);
    return board;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** @throws CLI_NO_EXCEPTIONS */
function checkExceptions({ name, libc }: BoardRecord, { compile }: OpenOptions): void {
  if (!compile?.exceptions || libc === 'newlib') return;
  throw new BarewireError(
    'CLI_NO_EXCEPTIONS',
    `--exceptions is for Arm boards: for ${name} there is no C++ library with exceptions. Leave the option out.`,
    { name },
  );
}

type BoardFacts = Pick<StartRecord, 'board' | 'buildId' | 'arena' | 'serialNumber'>;

/** The log of a session, with its journal if it is to have one.
 *  @throws SESSION_JOURNAL_BOARD when the journal is of another board */
function logOf(
  options: OpenOptions,
  recorded: RecordedSession | undefined,
  resumed: JournalFile | undefined,
  store: ByteStore,
  facts: BoardFacts,
): SessionLog {
  if (recorded !== undefined) {
    const { buildId, arena, board } = recorded.start;
    if (buildId !== facts.buildId || arena.addr !== facts.arena.addr || arena.len !== facts.arena.len) {
      throw new BarewireError(
        'SESSION_JOURNAL_BOARD',
        `the journal is of a session on ${board}, build ${buildId}; this is ${facts.board}, build ${facts.buildId}: the code in it does not fit.
Connect that board, with the stub that it had.`,
        { recorded: { board, buildId, arena }, found: facts },
      );
    }
    return new SessionLog(store, resumed);
  }
  if (options.journalDir === undefined) return new SessionLog(store);
  const { port, compile, clang, journalSync } = options;
  const start: StartRecord = { t: 'start', ...facts, port, compile, clang, startedMs: Date.now() };
  const log = new SessionLog(store, journalIn(options.journalDir, start, journalSync, options.onNotice));
  log.start(start);
  return log;
}

/** A journal that cannot be kept is a pity, and no reason not to begin. */
function journalIn(
  dir: string,
  start: StartRecord,
  sync: SyncPolicy | undefined,
  notice: ((text: string) => void) | undefined,
): JournalFile | undefined {
  try {
    return beginJournal(dir, start, sync);
  } catch (error) {
    notice?.(`no journal of this session can be kept: ${(error as Error).message}`);
    return undefined;
  }
}
