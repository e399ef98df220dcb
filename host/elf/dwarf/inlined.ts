// Which source functions a code address belongs to: the function whose code it is, and inside of it the functions
// that the compiler put in place of calls. Each knows the line from which the next one was called.
// @see DWARF 5, 3.3.8 (inlined subroutines)

import { DW_AT, DW_TAG } from './constants.js';
import { type Die, hasAttribute, numberAttribute, walk } from './die.js';
import type { LineTable, SourceLine } from './line.js';
import type { CodeAddr } from './sections.js';
import { codeRanges, symbolNameOf } from './symbols.js';
import type { TypeReader } from './type-reader.js';
import type { Unit } from './unit.js';

/** One source function at a code address. */
export interface SourceFrame {
  /** Linkage name where it has one, else the plain name. */
  readonly symbol: string;
  /** Where in it: for the innermost the address's own line, for the others the line of the call. */
  readonly line: SourceLine | undefined;
  /** Its code stands in that of the next frame. */
  readonly inlined: boolean;
}

/** The functions at `addr`, innermost first; empty where no function with debug information is.
 *  @param own line of the address itself
 *  @param tableOf line table of a unit, for the files that calls name */
export function sourceFramesAt(
  units: readonly Unit[],
  reader: TypeReader,
  addr: CodeAddr,
  own: SourceLine | undefined,
  tableOf: (unit: Unit) => LineTable | undefined,
): SourceFrame[] {
  for (const unit of units) {
    const chain: Die[] = [];
    walk(unit, (die) => {
      if (chain.length === 0) {
        if (die.tag === DW_TAG.subprogram && covers(die, addr)) chain.push(die);
        // Functions lie in namespaces and classes, and lambdas in functions.
        return 'into';
      }
      return 'stop';
    });
    const [top] = chain;
    if (top === undefined) continue;
    const function_ = innermostFunction(top, addr);
    collectInlined(function_, addr, chain);
    chain[0] = function_;
    return chain
      .map((die, index): SourceFrame => {
        const inner = chain[index + 1];
        return {
          symbol: symbolNameOf(die, reader),
          line: inner === undefined ? own : callPlace(inner, tableOf(unit)),
          inlined: index > 0,
        };
      })
      .reverse();
  }
  return [];
}

function covers(die: Die, { section, offset }: CodeAddr): boolean {
  if (!hasAttribute(die, DW_AT.low_pc) && !hasAttribute(die, DW_AT.ranges)) return false;
  return codeRanges(die).some(
    (range) => range.section === section && offset >= range.offset && offset < range.offset + range.sizeBytes,
  );
}

/** A function's entry may hold those of its lambdas, whose code lies elsewhere, or of nobody else. */
function innermostFunction(top: Die, addr: CodeAddr): Die {
  let found = top;
  walk(
    top.unit,
    (die) => {
      if (die.tag === DW_TAG.subprogram && covers(die, addr)) found = die;
      return 'into';
    },
    top,
  );
  return found;
}

/** Inlined calls around the address, outermost first. */
function collectInlined(within: Die, addr: CodeAddr, chain: Die[]): void {
  walk(
    within.unit,
    (die) => {
      const isCall = die.tag === DW_TAG.inlined_subroutine;
      if (!isCall && die.tag !== DW_TAG.lexical_block) return 'over';
      const inside = covers(die, addr);
      if (isCall && inside) chain.push(die);
      // A block without addresses of its own may hold calls that have some.
      return inside || (!isCall && !hasAttribute(die, DW_AT.ranges) && !hasAttribute(die, DW_AT.low_pc))
        ? 'into'
        : 'over';
    },
    within,
  );
}

function callPlace(die: Die, table: LineTable | undefined): SourceLine | undefined {
  const line = numberAttribute(die, DW_AT.call_line);
  if (line === undefined) return undefined;
  return {
    file: table?.files[numberAttribute(die, DW_AT.call_file) ?? 0] ?? '?',
    line,
    column: numberAttribute(die, DW_AT.call_column) ?? 0,
  };
}
