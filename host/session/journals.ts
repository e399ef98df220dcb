// The folder of journals: one file a session, named by its board and the time it began. Old ones go as new ones come.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BarewireError } from '../diag/error.js';
import { findPortHolders } from '../wire/ports/port-holder.js';
import { JournalFile, parseJournal, type SyncPolicy } from './journal-file.js';
import { type RecordedSession, readRecords, type StartRecord } from './log.js';

const SUFFIX = '.journal';
/** Journals kept, beside the one that begins. */
const KEPT = 8;

/** The journals of a folder, newest first, whoever writes them. */
function journalsIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => ({ path: join(dir, name), ms: statSync(join(dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.ms - a.ms)
    .map(({ path }) => path);
}

/** Starts a journal; removes the oldest ones. */
export function beginJournal(dir: string, start: StartRecord, sync?: SyncPolicy): JournalFile {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const old of journalsIn(dir).slice(KEPT)) {
    if (findPortHolders(old).length === 0) rmSync(old, { force: true });
  }
  const time = new Date(start.startedMs).toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  const base = join(dir, `${start.board}-${time}`);
  for (let number = 1; ; number++) {
    const path = `${base}${number === 1 ? '' : `-${number}`}${SUFFIX}`;
    if (!existsSync(path)) return JournalFile.create(path, sync);
  }
}

/** What a session that is to be taken up again must have been. */
export interface Wanted {
  readonly board?: string | undefined;
  readonly port?: string | undefined;
}

/** The newest journal of a board that nobody writes to.
 *  @throws SESSION_NO_JOURNAL */
export function latestJournal(dir: string, { board, port }: Wanted): string {
  for (const path of journalsIn(dir)) {
    const start = readRecords(parseJournal(readFileSync(path)).records)?.start;
    if (start === undefined || (board !== undefined && start.board !== board)) continue;
    if (port !== undefined && start.port !== port) continue;
    if (findPortHolders(path).length === 0) return path;
  }
  const which = [board, port].filter((each) => each !== undefined).join(' on ');
  throw new BarewireError(
    'SESSION_NO_JOURNAL',
    `there is no session${which === '' ? '' : ` of ${which}`} to take up again: no journal of one in ${dir}`,
    { dir, board, port },
  );
}

/** Reads a journal to go on with it.
 *  @throws SESSION_NO_JOURNAL, SESSION_JOURNAL_DAMAGED, SESSION_JOURNAL_BUSY */
export function reopenJournal(path: string, sync?: SyncPolicy): { file: JournalFile; recorded: RecordedSession } {
  if (!existsSync(path)) throw new BarewireError('SESSION_NO_JOURNAL', `${path}: there is no such journal`, { path });
  const [holder] = findPortHolders(path);
  if (holder !== undefined) {
    throw new BarewireError(
      'SESSION_JOURNAL_BUSY',
      `${path}: this session still runs, in ${holder.program} (process ${holder.pid}); end it there first`,
      { path, holder },
    );
  }
  const recorded = readRecords(parseJournal(readFileSync(path)).records);
  if (recorded === undefined) {
    throw new BarewireError(
      'SESSION_JOURNAL_DAMAGED',
      `${path} is no journal of barewire, or damaged from its beginning on: there is nothing in it to go on with`,
      { path },
    );
  }
  return { file: JournalFile.continue(path, sync).file, recorded };
}
