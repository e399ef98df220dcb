// Reads `ar` archives: an index from symbol to member, and members that are parsed when somebody needs them.
//
//   !<arch>\n  ( header of 60 bytes, data, padding to an even offset )*
//   header   name[16] date[12] uid[6] gid[6] mode[8] size[10] 0x60 0x0a
//   /        symbol index: count, `count` member offsets (big-endian u32), `count` NUL-ended names
//   //       long names, each ended by "/\n"; a header then says /OFFSET
//
// A C++ library's index has ten thousand names, so it is read once, in one pass, and nothing else is.
// Source: ar(5) of System V and GNU.

import { BarewireError } from '../diag/error.js';
import { BoundedBytes, textAt } from './bounded-bytes.js';
import type { ObjectFile } from './object-file.js';
import { readObject } from './read-object.js';

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;

/** An archive of object files. */
export interface Archive {
  /** File name for messages: `libgcc.a`. */
  readonly name: string;
  /** Symbol → index of the member that defines it. */
  readonly symbols: ReadonlyMap<string, number>;
  /** How many members the symbol index names. */
  readonly memberCount: number;
  /** The parsed member; the same object each time.
   *  @throws ELF_… when the member is damaged, ELF_BAD_INDEX beyond `memberCount` */
  member(index: number): ObjectFile;
}

/** Reads the symbol index of an archive.
 *  @param bytes the whole file; kept, since members are views into it
 *  @param name  for messages; members are called `name(member.o)`
 *  @throws ELF_NOT_ARCHIVE, ELF_TRUNCATED, ELF_BAD_TABLE, ELF_NO_INDEX */
export function readArchive(bytes: Uint8Array, name: string): Archive {
  const file = new BoundedBytes(bytes, name);
  if (bytes.length < MAGIC.length || textAt(bytes.subarray(0, MAGIC.length), 0) !== MAGIC) {
    throw new BarewireError('ELF_NOT_ARCHIVE', `${name} is no archive: it does not start with "!<arch>"`, {
      file: name,
    });
  }
  let index: Header | undefined;
  let longNames: Header | undefined;
  for (let at = MAGIC.length; at < bytes.length; ) {
    const header = readHeader(file, at);
    if (header.name === '/') index = header;
    else if (header.name === '//') longNames = header;
    else break;
    at = header.dataOffset + header.sizeBytes + (header.sizeBytes & 1);
  }
  if (index === undefined && bytes.length > MAGIC.length) {
    throw new BarewireError('ELF_NO_INDEX', `${name} has no symbol index: run \`ranlib ${name}\``, { file: name });
  }
  const { symbols, offsets } = index === undefined ? { symbols: new Map(), offsets: [] } : readIndex(file, index);
  const members = new Map<number, ObjectFile>();
  return {
    name,
    symbols,
    memberCount: offsets.length,
    member(memberIndex) {
      const known = members.get(memberIndex);
      if (known !== undefined) return known;
      const offset = offsets[memberIndex];
      if (offset === undefined) {
        throw new BarewireError(
          'ELF_BAD_INDEX',
          `${name} has ${offsets.length} members, and no number ${memberIndex}`,
          {
            file: name,
            index: memberIndex,
            limit: offsets.length,
          },
        );
      }
      const header = readHeader(file, offset);
      const data = file.slice(header.dataOffset, header.sizeBytes, `member ${header.name}`);
      const object = readObject(data, `${name}(${memberName(file, header, longNames)})`);
      members.set(memberIndex, object);
      return object;
    },
  };
}

interface Header {
  readonly name: string;
  readonly dataOffset: number;
  readonly sizeBytes: number;
}

function readHeader(file: BoundedBytes, offset: number): Header {
  const header = file.slice(offset, HEADER_BYTES, 'a member header');
  const sizeBytes = Number.parseInt(textAt(header.subarray(48, 58), 0), 10);
  if (header[58] !== 0x60 || header[59] !== 0x0a || !(sizeBytes >= 0)) {
    throw new BarewireError(
      'ELF_BAD_TABLE',
      `${file.name} is damaged: the member header at offset 0x${offset.toString(16)} is malformed`,
      { file: file.name, offset },
    );
  }
  return { name: textAt(header.subarray(0, 16), 0).trimEnd(), dataOffset: offset + HEADER_BYTES, sizeBytes };
}

function memberName(file: BoundedBytes, header: Header, longNames: Header | undefined): string {
  const long = /^\/(\d+)$/.exec(header.name);
  if (long === null || longNames === undefined) return header.name.replace(/\/$/, '');
  const table = file.slice(longNames.dataOffset, longNames.sizeBytes, 'the table of long names');
  return textAt(table, Number(long[1])).split('/\n', 1)[0]!;
}

function readIndex(file: BoundedBytes, header: Header): { symbols: Map<string, number>; offsets: number[] } {
  const data = file.slice(header.dataOffset, header.sizeBytes, 'the symbol index');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = data.length < 4 ? 0 : view.getUint32(0);
  file.check(header.dataOffset, 4 + 4 * count, `the symbol index of ${count} names`);
  if (4 + 4 * count > data.length) {
    throw new BarewireError(
      'ELF_BAD_TABLE',
      `${file.name} is damaged: its symbol index of ${data.length} bytes claims ${count} names`,
      {
        file: file.name,
        count,
      },
    );
  }
  const symbols = new Map<string, number>();
  const offsets: number[] = [];
  const indexOf = new Map<number, number>();
  // One decoding and one split for all names: far cheaper than a call for each.
  const names = new TextDecoder().decode(data.subarray(4 + 4 * count)).split('\0');
  for (let i = 0; i < count; i++) {
    const offset = view.getUint32(4 + 4 * i);
    let member = indexOf.get(offset);
    if (member === undefined) {
      member = offsets.push(offset) - 1;
      indexOf.set(offset, member);
    }
    const symbol = names[i] ?? '';
    // The first member that defines a name is the one a linker takes.
    if (!symbols.has(symbol)) symbols.set(symbol, member);
  }
  return { symbols, offsets };
}
