// What may stand on the board once although several inputs bring it: COMDAT sections (inline functions, templates,
// their statics and vtables), strings, and constants nobody can tell apart.
//
// A COMDAT section is folded only into an equal one: same bytes, same relocations to the same things. A class or
// template that was typed again has other contents under the same name, and then the new one stands for itself.

import { SHF_STRINGS } from '../elf/elf-constants.js';
import type { ElfSymbol, ObjectFile, Relocation, Section } from '../elf/object-file.js';
import type { Architecture } from './arch/architecture.js';
import { type Atom, isMergeable, kindOf, pieceAt } from './atom.js';
import { isUserStatic } from './object-index.js';

/** Says only that a linker must not drop the section. */
const SHF_GNU_RETAIN = 0x20_0000;
/** Constants longer than this are not worth the key. */
const MAX_KEY_BYTES = 4096;

/** Under which key equal contents are found; undefined for what must stay itself. */
export function foldKeyOf(section: Section, bytes: Uint8Array, symbols: readonly ElfSymbol[]): string | undefined {
  if (section.comdat !== undefined) return `comdat ${section.comdat} ${section.name}`;
  if (isMergeable(section)) return contentKey(section, bytes);
  const isNamed = symbols.some((symbol) => symbol.binding !== 'local' || isUserStatic(symbol.name));
  if (isNamed || kindOf(section) !== 'rodata' || section.relocations.length > 0) return undefined;
  return bytes.length > MAX_KEY_BYTES ? undefined : contentKey(section, bytes);
}

function contentKey(section: Section, bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `${(section.flags & SHF_STRINGS) !== 0 ? 'string' : 'constant'} ${section.align} ${text}`;
}

/** Whether a COMDAT section is the same as one that is linked already. */
export function sameComdat(arch: Architecture, object: ObjectFile, section: Section, twin: Atom): boolean {
  const other = twin.section;
  if (other === undefined || twin.object === undefined) return false;
  if (section.sizeBytes !== other.sizeBytes || (section.flags ^ other.flags) & ~SHF_GNU_RETAIN) return false;
  const [mine, theirs] = [section.relocations, other.relocations];
  if (mine.length !== theirs.length) return false;
  if (!sameBytes(withoutPieceOffsets(arch, object, section), withoutPieceOffsets(arch, twin.object, other)))
    return false;
  const twinObject = twin.object;
  return mine.every((relocation, i) => {
    const peer = theirs[i]!;
    return (
      relocation.offset === peer.offset &&
      relocation.type === peer.type &&
      identityOf(arch, object, section, relocation) === identityOf(arch, twinObject, other, peer)
    );
  });
}

/** The section's bytes, without the addends that say where in this object a string happens to stand. */
function withoutPieceOffsets(arch: Architecture, object: ObjectFile, section: Section): Uint8Array {
  let copy: DataView | undefined;
  for (const relocation of section.relocations) {
    const symbol = object.symbols[relocation.symbol]!;
    const target = typeof symbol.section === 'number' ? object.sections[symbol.section]! : undefined;
    if (symbol.type !== 'section' || target === undefined || !isMergeable(target)) continue;
    const form = arch.relocations.get(relocation.type)?.form;
    if (form === undefined || relocation.offset + form.sizeBytes > section.bytes.length) continue;
    copy ??= viewOf(section.bytes.slice());
    form.encode(copy, relocation.offset, 0);
  }
  return copy === undefined ? section.bytes : new Uint8Array(copy.buffer);
}

/** What a relocation refers to, in words that mean the same in every object. */
function identityOf(arch: Architecture, object: ObjectFile, section: Section, relocation: Relocation): unknown {
  const symbol = object.symbols[relocation.symbol]!;
  if (symbol.binding !== 'local') return `global ${symbol.name}`;
  if (typeof symbol.section !== 'number') return `value ${symbol.section} ${symbol.value}`;
  const target = object.sections[symbol.section]!;
  if (target.comdat !== undefined && target.comdat === section.comdat) {
    return `group ${target.name} ${symbol.value}`;
  }
  if (isMergeable(target)) {
    const offset = symbol.value + (symbol.type === 'section' ? addendOf(arch, section, relocation) : 0);
    const { start, sizeBytes } = pieceAt(target, offset);
    return `${contentKey(target, target.bytes.subarray(start, start + sizeBytes))} ${offset - start}`;
  }
  // A static of another input is another thing, whatever it holds: never equal.
  return target;
}

function addendOf(arch: Architecture, section: Section, relocation: Relocation): number {
  const form = arch.relocations.get(relocation.type)?.form;
  if (relocation.addend !== undefined || form === undefined) return relocation.addend ?? 0;
  const fits = relocation.offset + form.sizeBytes <= section.bytes.length;
  return fits ? form.decode(viewOf(section.bytes), relocation.offset) : 0;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
