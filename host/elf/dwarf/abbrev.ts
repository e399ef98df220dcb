// Abbreviation tables: each DIE names a row here that says its tag and the forms of its attributes.
// For every row whose forms all have a fixed size, that size is summed once: most DIEs are then skipped
// with one addition, which is what makes walking a unit cheap.
// @see DWARF 5, 7.5.3

import { DW_FORM } from './constants.js';
import { Cursor, dwarfError } from './cursor.js';
import type { DebugSection } from './sections.js';

export interface Abbrev {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Attribute numbers, forms and implicit constants, in parallel. */
  readonly attributes: readonly number[];
  readonly forms: readonly number[];
  readonly implicit: readonly (bigint | undefined)[];
  /** Bytes of all attributes together, or -1 when that depends on their values. */
  readonly fixedSize: number;
}

export type AbbrevTable = ReadonlyMap<number, Abbrev>;

/** Size of forms whose size does not depend on the value; address and offset size is 4 (ELF32, DWARF32). */
export const FIXED_FORM_SIZES: Readonly<Record<number, number>> = {
  [DW_FORM.addr]: 4,
  [DW_FORM.data1]: 1,
  [DW_FORM.data2]: 2,
  [DW_FORM.data4]: 4,
  [DW_FORM.data8]: 8,
  [DW_FORM.data16]: 16,
  [DW_FORM.flag]: 1,
  [DW_FORM.flag_present]: 0,
  [DW_FORM.implicit_const]: 0,
  [DW_FORM.ref1]: 1,
  [DW_FORM.ref2]: 2,
  [DW_FORM.ref4]: 4,
  [DW_FORM.ref8]: 8,
  [DW_FORM.ref_sig8]: 8,
  [DW_FORM.ref_addr]: 4,
  [DW_FORM.ref_sup4]: 4,
  [DW_FORM.ref_sup8]: 8,
  [DW_FORM.sec_offset]: 4,
  [DW_FORM.strp]: 4,
  [DW_FORM.strp_sup]: 4,
  [DW_FORM.line_strp]: 4,
  [DW_FORM.strx1]: 1,
  [DW_FORM.strx2]: 2,
  [DW_FORM.strx3]: 3,
  [DW_FORM.strx4]: 4,
  [DW_FORM.addrx1]: 1,
  [DW_FORM.addrx2]: 2,
  [DW_FORM.addrx3]: 3,
  [DW_FORM.addrx4]: 4,
};

/** Reads the table at `offset` of .debug_abbrev.
 *  @throws DWARF_TRUNCATED, DWARF_BAD_ABBREV when a code stands twice */
export function readAbbrevTable(section: DebugSection, offset: number): AbbrevTable {
  const table = new Map<number, Abbrev>();
  const cursor = new Cursor(section.bytes, section.where, offset);
  for (;;) {
    const start = cursor.pos;
    const code = cursor.uleb();
    if (code === 0) return table;
    if (table.has(code)) {
      throw dwarfError(
        'DWARF_BAD_ABBREV',
        `${section.where}+0x${start.toString(16)}`,
        `abbreviation ${code} stands twice`,
      );
    }
    const tag = cursor.uleb();
    const hasChildren = cursor.u8() !== 0;
    const attributes: number[] = [];
    const forms: number[] = [];
    const implicit: (bigint | undefined)[] = [];
    let fixedSize = 0;
    for (;;) {
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      if (attribute === 0 && form === 0) break;
      attributes.push(attribute);
      forms.push(form);
      implicit.push(form === DW_FORM.implicit_const ? cursor.slebBig() : undefined);
      const size = FIXED_FORM_SIZES[form];
      fixedSize = fixedSize < 0 || size === undefined ? -1 : fixedSize + size;
    }
    table.set(code, { tag, hasChildren, attributes, forms, implicit, fixedSize });
  }
}
