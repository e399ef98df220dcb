// The functions an object wants run before it is used, in order: .preinit_array, then .init_array.N by priority,
// then plain .init_array; .ctors tables, which older compilers make, run backwards and count priorities down from
// 65535. The tables are read here and are not put on the board.

import { SHT_INIT_ARRAY, SHT_PREINIT_ARRAY } from '../elf/elf-constants.js';
import type { ObjectFile, Section } from '../elf/object-file.js';
import type { Architecture } from './arch/architecture.js';

/** One slot of a table: which function it names. */
export interface InitEntry {
  /** Index into the object's symbols. */
  readonly symbol: number;
  readonly addend: number;
}

const LAST = 65_536;

/** All initialisers of `object` in the order in which they run. */
export function initialisersOf(object: ObjectFile, arch: Architecture): InitEntry[] {
  const tables: { rank: number; section: Section; backwards: boolean }[] = [];
  for (const section of object.sections) {
    if (section.sizeBytes === 0) continue;
    if (section.type === SHT_PREINIT_ARRAY) {
      tables.push({ rank: -1, section, backwards: false });
    } else if (section.type === SHT_INIT_ARRAY || section.name.startsWith('.init_array')) {
      tables.push({ rank: priorityOf(section.name, '.init_array') ?? LAST, section, backwards: false });
    } else if (section.name === '.ctors' || section.name.startsWith('.ctors.')) {
      const priority = priorityOf(section.name, '.ctors');
      tables.push({ rank: priority === undefined ? LAST : 65_535 - priority, section, backwards: true });
    }
  }
  tables.sort((a, b) => a.rank - b.rank);
  return tables.flatMap(({ section, backwards }) => {
    const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength);
    const entries = [...section.relocations]
      .filter((relocation) => relocation.offset + 4 <= section.bytes.length)
      .sort((a, b) => a.offset - b.offset)
      .map((relocation) => ({
        symbol: relocation.symbol,
        addend: relocation.addend ?? arch.relocations.get(relocation.type)?.form.decode(view, relocation.offset) ?? 0,
      }));
    return backwards ? entries.reverse() : entries;
  });
}

function priorityOf(name: string, prefix: string): number | undefined {
  const suffix = name.slice(prefix.length + 1);
  return /^\d+$/.test(suffix) ? Number(suffix) : undefined;
}
