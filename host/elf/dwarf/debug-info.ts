// The debug information of one object, asked by name or by place. Nothing is read before it is asked for, and then
// no more than the question needs: an input's object holds thousands of entries for the headers it includes, and
// showing one `int` must not read them.

import type { ObjectFile } from '../object-file.js';
import { DW_AT } from './constants.js';
import { addrAttribute, type Die, dieAt, numberAttribute, stringAttribute } from './die.js';
import { type SourceFrame, sourceFramesAt } from './inlined.js';
import { type LineTable, lineInTable, readLineTable, type SourceLine } from './line.js';
import { type CodeAddr, debugSections } from './sections.js';
import {
  allEnumerators,
  allFunctions,
  allVariables,
  type DwarfFunction,
  type DwarfVariable,
  findVariable,
} from './symbols.js';
import { typeReader } from './type-reader.js';
import type { DwarfType, EnumType } from './types.js';
import { readUnits, type Unit } from './unit.js';

/** One compiled source file. */
export interface CompileUnit {
  readonly name: string;
  readonly compDir: string;
  readonly producer: string;
  /** DWARF version. */
  readonly version: number;
}

/** What an object says about its source. All questions throw DWARF_… when the information is damaged. */
export interface DebugInfo {
  readonly object: ObjectFile;
  /** Empty when the object was compiled without -g. */
  readonly units: readonly CompileUnit[];
  /** A variable at namespace scope or a static member, by plain or linkage name. */
  variable(name: string): DwarfVariable | undefined;
  variables(): readonly DwarfVariable[];
  /** A class, enum or typedef by qualified name (`ns::P`). */
  type(qualifiedName: string): DwarfType | undefined;
  /** Qualified names of all defined classes, enums and typedefs. */
  typeNames(): Iterable<string>;
  /** Enumerations by the qualified names of their values, those without a name included. */
  enumerators(): ReadonlyMap<string, EnumType>;
  /** From now on, types that this object only declares are looked for in `other` when they are first read: an input
   *  that only names a container does not instantiate what is in it. */
  completeFrom(other: ObjectFile): void;
  functions(): readonly DwarfFunction[];
  /** The function whose code holds this place (bit 0 of a Thumb address must be off). */
  functionAt(addr: CodeAddr): DwarfFunction | undefined;
  lineAt(addr: CodeAddr): SourceLine | undefined;
  /** The source functions at this place, innermost first: inlined ones, then the one whose code it is. */
  framesAt(addr: CodeAddr): readonly SourceFrame[];
  /** Where the code of a source line begins, once per stretch of code. `file` matches whole or by its last part. */
  codeAt(file: string, line: number): readonly CodeAddr[];
}

/** By section table: what was read of the debug information goes when that goes. */
const cache = new WeakMap<ObjectFile['sections'], DebugInfo>();

/** The debug information of `object`; made once per object.
 *  @throws DWARF_TRUNCATED, DWARF_VERSION, DWARF_COMPRESSED, DWARF_UNKNOWN_RELOCATION */
export function readDebugInfo(object: ObjectFile): DebugInfo {
  const { sections } = object;
  let info = cache.get(sections);
  if (info?.object !== object) {
    info = makeDebugInfo(object);
    cache.set(sections, info);
  }
  return info;
}

function makeDebugInfo(object: ObjectFile): DebugInfo {
  const units = readUnits(debugSections(object));
  const tops = new Map<Unit, Die>();
  for (const unit of units) {
    const top = unit.dieOffset < unit.endOffset ? dieAt(unit, unit.dieOffset) : undefined;
    if (!top) continue;
    openUnit(top);
    tops.set(unit, top);
  }
  let other: ObjectFile | undefined;
  const reader = typeReader(units, (name) => (other === undefined ? undefined : readDebugInfo(other).type(name)));
  let variables: readonly DwarfVariable[] | undefined;
  let functions: readonly DwarfFunction[] | undefined;
  let enumerators: ReadonlyMap<string, EnumType> | undefined;
  let lineTables: ReadonlyMap<Unit, LineTable> | undefined;
  const tablesByUnit = (): ReadonlyMap<Unit, LineTable> => {
    lineTables ??= new Map(
      [...tops].flatMap(([unit, top]): [Unit, LineTable][] => {
        const offset = unit.signature === undefined ? numberAttribute(top, DW_AT.stmt_list) : undefined;
        return offset === undefined
          ? []
          : [[unit, readLineTable(unit, offset, stringAttribute(top, DW_AT.comp_dir) ?? '')]];
      }),
    );
    return lineTables;
  };
  const tables = (): LineTable[] => [...tablesByUnit().values()];
  const lineAt = (addr: CodeAddr): SourceLine | undefined => {
    for (const table of tables()) {
      const line = lineInTable(table, addr);
      if (line) return line;
    }
    return undefined;
  };
  const allOfFunctions = (): readonly DwarfFunction[] => {
    functions ??= allFunctions(units, reader);
    return functions;
  };
  return {
    object,
    get units() {
      return [...tops.values()].filter((top) => top.unit.signature === undefined).map(describeUnit);
    },
    variable: (name) => findVariable(units, reader, name),
    variables: () => {
      variables ??= allVariables(units, reader);
      return variables;
    },
    type: (name) => reader.byName(name),
    typeNames: () => reader.names(),
    enumerators: () => {
      enumerators ??= allEnumerators(units, reader);
      return enumerators;
    },
    completeFrom: (from) => {
      other = from === object ? undefined : from;
    },
    functions: allOfFunctions,
    functionAt: (addr) =>
      allOfFunctions().find((f) =>
        f.ranges.some(
          (r) => r.section === addr.section && addr.offset >= r.offset && addr.offset < r.offset + r.sizeBytes,
        ),
      ),
    lineAt,
    framesAt: (addr) => sourceFramesAt(units, reader, addr, lineAt(addr), (unit) => tablesByUnit().get(unit)),
    codeAt: (file, line) => tables().flatMap((table) => codeOfLine(table, file, line)),
  };
}

/** Sets the bases that indexed forms of the unit count from; they stand on its first entry. */
function openUnit(top: Die): void {
  const { bases } = top.unit;
  bases.strOffsets = numberAttribute(top, DW_AT.str_offsets_base) ?? bases.strOffsets;
  bases.addr = numberAttribute(top, DW_AT.addr_base) ?? bases.addr;
  bases.rnglists = numberAttribute(top, DW_AT.rnglists_base) ?? bases.rnglists;
  bases.low = addrAttribute(top, DW_AT.low_pc) ?? bases.low;
}

function describeUnit(top: Die): CompileUnit {
  return {
    name: stringAttribute(top, DW_AT.name) ?? '',
    compDir: stringAttribute(top, DW_AT.comp_dir) ?? '',
    producer: stringAttribute(top, DW_AT.producer) ?? '',
    version: top.unit.version,
  };
}

function codeOfLine(table: LineTable, file: string, line: number): CodeAddr[] {
  const matches = table.files.map((path) => path === file || path.endsWith(`/${file}`));
  return table.sequences.flatMap((sequence) => {
    const row = sequence.rows.find((r) => r.line === line && r.isStatement && matches[r.file] === true);
    return row ? [{ section: sequence.section, offset: row.offset }] : [];
  });
}
