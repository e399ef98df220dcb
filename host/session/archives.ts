// The archives that names nobody defined are looked for in, in the order of search.

import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { BarewireError } from '../diag/error.js';
import { type Archive, readArchive } from '../elf/archive.js';
import type { ObjectFile } from '../elf/object-file.js';
import { requireYowasp } from '../toolchain/find-yowasp.js';
import { readTarFiles } from '../toolchain/tar-file.js';
import type { Toolchain } from '../toolchain/toolchain.js';

/** Ours comes first: it says what `write`, `exit` and the like mean on a board. */
const SUPPORT = 'libbarewire.a';
const LIBRARIES: Readonly<Record<BoardRecord['libc'], readonly string[]>> = {
  newlib: ['libgcc.a', 'libc_nano.a', 'libm.a', 'libstdc++_nano.a', 'libsupc++_nano.a'],
  picolibc: ['libgcc.a', 'libc.a', 'libm.a'],
  wasi: [],
};
/** Nano's C++ library is made without exceptions: it aborts. What the support library has for them goes first. */
const THROWING = ['libbarewire-throws.a', SUPPORT, 'libgcc.a', 'libc_nano.a', 'libm.a', 'libstdc++.a', 'libsupc++.a'];

/** Names of the support library for when nothing is thrown: what ends the program with words instead, and
 *  `operator new`. */
const WITHOUT_EXCEPTIONS = /^(?:_ZSt\d+__throw_|_Zn[wa])/;

/** Folder of the support archive for a board, below the folder with the stub images. */
export function supportFolder(board: BoardRecord, imageFolder: string): string {
  return join(imageFolder, `support-${board.multilib.replaceAll('/', '-')}`);
}

/** Opens the archives for a board.
 *  @param imageFolder folder with the stub images, which the support archive lies beside
 *  @param exceptions for code that throws
 *  @throws SESSION_MISSING_ARCHIVE */
export function openArchives(
  board: BoardRecord,
  toolchain: Toolchain,
  imageFolder: string,
  exceptions = false,
): Archive[] {
  const folders = [supportFolder(board, imageFolder), ...toolchain.archiveDirs];
  const archives = (exceptions ? THROWING : [SUPPORT, ...LIBRARIES[board.libc]]).map((name) => {
    const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
    if (path === undefined) {
      throw new BarewireError(
        'SESSION_MISSING_ARCHIVE',
        `${name} for ${board.core} is in none of ${folders.join(', ')}\n` +
          (name.startsWith('libbarewire')
            ? '`npm run firmware` builds it'
            : '`barewire doctor` names the package it comes from'),
        { name, folders },
      );
    }
    const archive = readArchive(readFileSync(path), basename(path));
    return exceptions && name === SUPPORT ? without(archive, WITHOUT_EXCEPTIONS) : archive;
  });
  return board.libc === 'wasi' ? [...archives, ...npmArchives()] : archives;
}

/** Where clang from npm has its libraries, in its tar file. */
const NPM_ARCHIVES = [
  'lib/wasm32-wasip1/libc++.a',
  'lib/wasm32-wasip1/libc++abi.a',
  'lib/wasm32-wasip1/libc.a',
  'lib/wasm32-wasip1/libwasi-emulated-process-clocks.a',
  'lib/wasm32-wasip1/libwasi-emulated-getpid.a',
  'lib/wasm32-unknown-wasip1/libclang_rt.builtins.a',
];

function npmArchives(): Archive[] {
  const { sysroot } = requireYowasp();
  return readTarFiles(sysroot, NPM_ARCHIVES).map((bytes, index) => {
    const name = NPM_ARCHIVES[index]!;
    if (bytes !== undefined) return readArchive(bytes, basename(name));
    throw new BarewireError('SESSION_MISSING_ARCHIVE', `${name} is not in ${sysroot}: install @yowasp/clang again`, {
      name,
      folders: [sysroot],
    });
  });
}

/** An archive in which some names are not found. */
function without(archive: Archive, names: RegExp): Archive {
  const symbols = new Map([...archive.symbols].filter(([name]) => !names.test(name)));
  return { name: archive.name, symbols, memberCount: archive.memberCount, member: (index) => archive.member(index) };
}

/** The object in the first archive that defines a symbol; undefined when none does. */
export function memberWith(archives: readonly Archive[], symbol: string): ObjectFile | undefined {
  for (const archive of archives) {
    const member = archive.symbols.get(symbol);
    if (member !== undefined) return archive.member(member);
  }
  return undefined;
}
