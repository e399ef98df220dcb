// A fault report's lines: the user's own line with a mark under the place, who called whom, and the registers.

import type { SourceFrame } from '../elf/dwarf/inlined.js';
import type { SourceLine } from '../elf/dwarf/line.js';
import { isWrapper } from '../link/object-index.js';
import type { Backtrace } from './backtrace.js';
import { hex, symbolText } from './context.js';
import { type FaultContext, type FaultRecord, GENERAL_REGISTERS } from './fault-facts.js';
import { exceptionName, type FaultBit, handlerOf } from './fault-tables.js';
import type { Frame } from './unwind.js';

/** One line of a call stack. */
export interface Call {
  readonly name: string;
  readonly line: SourceLine | undefined;
  readonly inlined: boolean;
}

/** Functions of the support library that only trap, on behalf of what calls them. */
const ONLY_TRAPS: ReadonlySet<string> = new Set([
  '__aeabi_idiv0',
  '__aeabi_ldiv0',
  '__ubsan_handle_divrem_overflow_minimal_abort',
  'bw_irq_refuse',
]);

/** The functions of a frame, innermost first. What wraps the statements of an input goes by the input's name. */
export function callsOf(frame: Frame, context: FaultContext): Call[] {
  const symbol = symbolText(context.symbolAt?.(frame.lookupAddr)) ?? hex(frame.pc);
  if (ONLY_TRAPS.has(withoutOffset(symbol))) return [];
  const sources = context.framesAt?.(frame.lookupAddr) ?? [];
  if (sources.length === 0) return [{ name: withoutOffset(symbol), line: undefined, inlined: false }];
  const outermost = sources.at(-1)!;
  const calls = sources
    .filter((source) => !isWrapper(source.symbol) || isUsers(source.line, context))
    .map(
      (source): Call => ({
        name: nameOf(source, symbol),
        line: source.line,
        inlined: source !== outermost && !isWrapper(source.symbol),
      }),
    );
  if (calls.length === 0) calls.push({ name: nameOf(outermost, symbol), line: outermost.line, inlined: false });
  return calls.filter((call, index) => index === 0 || call.name !== calls[index - 1]!.name || call.inlined);
}

function nameOf({ symbol, inlined }: SourceFrame, of: string): string {
  if (isWrapper(symbol)) return withoutOffset(of);
  return inlined || symbol !== '' ? (symbolText({ name: symbol, offset: 0 }) ?? symbol) : withoutOffset(of);
}

const withoutOffset = (symbol: string): string => symbol.replace(/ ?\+ ?\d+$/, '');

const isUsers = (line: SourceLine | undefined, { sourceLine }: FaultContext): boolean =>
  line !== undefined && sourceLine?.(line.file, line.line) !== undefined;

/** `input_3:1:12` */
export function placeText(line: SourceLine): string {
  const file = line.file.replace(/^.*[\\/]/, '');
  return `${file}:${line.line}${line.column > 0 ? `:${line.column}` : ''}`;
}

/** Of an input of one line it is clear which line it was, though no frame says so. */
function onlyLine({ inputFile, sourceLine }: FaultContext): SourceLine | undefined {
  if (inputFile === undefined || sourceLine?.(inputFile, 1) === undefined) return undefined;
  return sourceLine(inputFile, 2) === undefined ? { file: inputFile, line: 1, column: 0 } : undefined;
}

const WIDTH = 100;

/** The innermost line that the user wrote, with its text and a mark under the column. */
export function excerptLines(calls: readonly Call[], context: FaultContext): string[] {
  const call = calls.find((each) => isUsers(each.line, context));
  const line = call?.line ?? onlyLine(context);
  if (line === undefined) return [];
  const place = `at ${placeText(line)}${call === undefined ? '' : ` in ${call.name}`}`;
  const text = (context.sourceLine?.(line.file, line.line) ?? '').replace(/\s+$/, '');
  const from = Math.max(0, Math.min(line.column - WIDTH / 2, text.length - WIDTH));
  const shown = `${from > 0 ? '… ' : ''}${text.slice(from, from + WIDTH)}${from + WIDTH < text.length ? ' …' : ''}`;
  const number = String(line.line).padStart(5);
  const lines = [place, `${number} | ${shown}`];
  if (line.column === 0 || line.column > text.length) return lines;
  // Tabs stay tabs, so that the mark stands where the text does.
  const before = `${from > 0 ? '… ' : ''}${text.slice(from, line.column - 1)}`.replace(/[^\t]/g, ' ');
  return [...lines, `${' '.repeat(number.length)} | ${before}^`];
}

/** Frames shown at both ends of a long stack. */
const SHOWN_INNER = 6;
const SHOWN_OUTER = 4;

/** The call stack, without its middle if it is long; of one function alone its place, unless that is the user's line. */
export function stackLines(trace: Backtrace, context: FaultContext): string[] {
  const inner = trace.inner.flatMap((frame) => callsOf(frame, context));
  const outer = trace.outer.flatMap((frame) => callsOf(frame, context));
  if (trace.lost?.addr !== undefined) {
    inner.unshift({
      name: withoutOffset(symbolText(context.symbolAt?.(trace.lost.addr)) ?? hex(trace.lost.addr)),
      line: undefined,
      inlined: false,
    });
  }
  const all = [...inner, ...outer];
  if (all.length + trace.skipped < 2) {
    const [only] = all;
    const line = only?.line;
    // Line 0 is of what wraps an input.
    const isElsewhere = line !== undefined && line.line > 0 && !isUsers(line, context);
    return isElsewhere ? [`in ${only!.name}  ${placeText(line)}`] : [];
  }
  const width = Math.min(40, Math.max(...all.map(({ name }) => name.length)));
  const total = all.length + trace.skipped;
  const digits = String(total - 1).length;
  const row = (call: Call, number: number): string =>
    `  #${String(number).padEnd(digits)} ${call.name.padEnd(width)}  ${call.line === undefined ? '' : placeText(call.line)}${call.inlined ? ' (inlined)' : ''}`.trimEnd();
  const numbers = [...inner.keys(), ...outer.map((_, index) => inner.length + trace.skipped + index)];
  const rows = all.map((call, index) => row(call, numbers[index]!));
  if (total <= SHOWN_INNER + SHOWN_OUTER + 1) return ['call stack', ...rows];
  const hidden = total - SHOWN_INNER - SHOWN_OUTER;
  return [
    'call stack',
    ...rows.slice(0, SHOWN_INNER),
    `  … ${hidden.toLocaleString('en-US')} more`,
    ...rows.slice(-SHOWN_OUTER),
  ];
}

/** pc and lr with names, registers, stack use, what the status registers say. */
export function registerLines(
  record: FaultRecord,
  bits: readonly FaultBit[],
  frameLost: boolean,
  context: FaultContext,
): string[] {
  const lines: string[] = [];
  if (!frameLost) lines.push(`pc ${named(record.pc, context)}, lr ${named(record.lr, context)}`);
  const names = GENERAL_REGISTERS;
  const known = frameLost ? names.slice(4, 12) : names;
  for (let i = 0; i < known.length; i += 7) {
    lines.push(
      known
        .slice(i, i + 7)
        .map((name) => `${name} ${word(record[name])}`)
        .join('  '),
    );
  }
  const handler = handlerOf(record.xpsr);
  if (handler !== 0) lines.push(`in the handler of ${exceptionName(handler)}`);
  lines.push(`sp ${word(record.sp)}${frameLost ? '' : `  xpsr ${word(record.xpsr)}`}${stackNote(record.sp, context)}`);
  const status = record.cfsr !== 0 || record.hfsr !== 0 ? `, cfsr ${word(record.cfsr)} hfsr ${word(record.hfsr)}` : '';
  const flags = bits.length > 0 ? ` (${bits.map(({ name }) => name).join(', ')})` : '';
  lines.push(`${exceptionName(record.exception)}${status}${flags}`);
  return lines;
}

const word = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/** `lr` holds one of these in an exception handler. */
const EXC_RETURN = 0xffffff00;

/** An address, and the function it is in. */
export function named(addr: number, { symbolAt, isCode }: FaultContext): string {
  if (addr >= EXC_RETURN) return `${hex(addr)} (return from an exception)`;
  const symbol = isCode?.(addr) === false ? undefined : symbolText(symbolAt?.((addr & ~1) >>> 0));
  return symbol === undefined ? hex(addr) : `${hex(addr)} ${symbol}`;
}

/** How much of the stack is in use. */
export function stackNote(sp: number, { stack }: FaultContext): string {
  if (stack === undefined) return '';
  const used = stack.addr + stack.sizeBytes - sp;
  if (used < 0) return '';
  const size = stack.sizeBytes.toLocaleString('en-US');
  return sp < stack.addr
    ? `  stack: all ${size} bytes used`
    : `  stack: ${used.toLocaleString('en-US')} of ${size} bytes used`;
}
