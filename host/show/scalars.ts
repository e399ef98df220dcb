// Numbers and characters from their bytes, exactly: integers of any size, floats as the shortest decimal that reads
// back as the same bits. `char` is a character; `signed char` and `unsigned char` are what int8_t and uint8_t
// are made of and show as numbers.

import type { BaseType } from '../elf/dwarf/types.js';
import { CHAR_KINDS, type CharKind, quoteChar } from './text.js';

/** Little-endian integer of any size. */
export function integerOf(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return signed ? BigInt.asIntN(bytes.length * 8, value) : value;
}

/** How the characters of a type are written, or undefined when it is no character type. */
export function charKindOf(type: BaseType): CharKind | undefined {
  return CHAR_KINDS[type.name];
}

/** A base type's value as text. */
export function formatScalar(type: BaseType, bytes: Uint8Array): string {
  if (type.encoding === 'float') return formatFloatBytes(bytes, type.name);
  if (type.encoding === 'complex') {
    const half = bytes.length / 2;
    return formatComplex(
      formatFloatBytes(bytes.subarray(0, half), type.name),
      formatFloatBytes(bytes.subarray(half), type.name),
    );
  }
  return formatInteger(type, integerOf(bytes, type.signed));
}

/** `1.5 + 2.0i` */
export function formatComplex(real: string, imaginary: string): string {
  return imaginary.startsWith('-') ? `${real} - ${imaginary.slice(1)}i` : `${real} + ${imaginary}i`;
}

/** As `formatScalar`, for a value that was taken out of a bit-field or a constant. */
export function formatInteger(type: BaseType, value: bigint): string {
  if (type.encoding === 'boolean' && value <= 1n) return value === 0n ? 'false' : 'true';
  const kind = charKindOf(type);
  return kind ? quoteChar(kind, Number(BigInt.asUintN(8 * type.sizeBytes, value))) : value.toString();
}

const MANTISSAS: Readonly<Record<number, { readonly digits: number; readonly round: (value: number) => number }>> = {
  2: { digits: 5, round: roundToHalf },
  4: { digits: 9, round: Math.fround },
  8: { digits: 17, round: (value) => value },
};

/** Text of an IEEE 754 number by its size; `name` tells bfloat16 from binary16. */
export function formatFloatBytes(bytes: Uint8Array, name = ''): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (bytes.length) {
    case 2:
      if (/bf16|bfloat/.test(name)) return formatFloat(asFloat(view.getUint16(0, true) << 16), 4);
      return formatFloat(fromHalf(view.getUint16(0, true)), 2);
    case 4:
      return formatFloat(view.getFloat32(0, true), 4);
    case 8:
      return formatFloat(view.getFloat64(0, true), 8);
    case 16:
      return formatQuad(integerOf(bytes, false));
    default:
      return `0x${integerOf(bytes, false).toString(16)}`;
  }
}

/** The shortest decimal that rounds to `value` in a float of that many bytes, always with a point or an exponent. */
export function formatFloat(value: number, sizeBytes: 2 | 4 | 8): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const { digits, round } = MANTISSAS[sizeBytes]!;
  for (let precision = 1; precision < digits; precision++) {
    const text = value.toExponential(precision - 1);
    if (round(Number(text)) === value) return fromExponential(text);
  }
  return fromExponential(value.toExponential(digits - 1));
}

/** `1.5e+3` → `1500.0`: plain between 1e-4 and 1e16, as most languages print. */
function fromExponential(text: string): string {
  const [mantissa, power] = text.split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const negative = mantissa.startsWith('-');
  const digits = mantissa.replace(/[-.]/g, '');
  const point = exponent + 1;
  let body: string;
  if (point <= 0) body = `0.${'0'.repeat(-point)}${digits}`;
  else if (digits.length <= point) body = `${digits.padEnd(point, '0')}.0`;
  else body = `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${body}` : body;
}

const scratch = new DataView(new ArrayBuffer(4));

function asFloat(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Nearest binary16, ties to even. */
function roundToHalf(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return Math.sign(value) * Number.POSITIVE_INFINITY;
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const step = 2 ** (exponent - 10);
  const scaled = magnitude / step;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  return Math.sign(value) * rounded * step;
}

/** binary128 to 34 digits, through exact integers: sign 1, exponent 15, fraction 112 bits. */
function formatQuad(bits: bigint): string {
  const sign = bits >> 127n ? '-' : '';
  const exponent = Number((bits >> 112n) & 0x7fffn);
  const fraction = bits & ((1n << 112n) - 1n);
  if (exponent === 0x7fff) return fraction === 0n ? `${sign}inf` : 'nan';
  if (exponent === 0 && fraction === 0n) return `${sign}0.0`;
  const mantissa = exponent === 0 ? fraction : fraction | (1n << 112n);
  const power = Math.max(exponent, 1) - 16383 - 112;
  const numerator = power > 0 ? mantissa << BigInt(power) : mantissa;
  const denominator = power < 0 ? 1n << BigInt(-power) : 1n;
  return sign + decimalOf(numerator, denominator, 34);
}

/** A positive fraction with so many significant digits, trailing zeros left out. */
function decimalOf(numerator: bigint, denominator: bigint, digits: number): string {
  let exponent =
    Math.floor((numerator.toString(2).length - denominator.toString(2).length) * Math.LOG10E * Math.LN2) - 1;
  const scaledBy = (power: number): bigint =>
    power >= 0
      ? (numerator * 10n ** BigInt(power) * 2n + denominator) / (denominator * 2n)
      : (numerator * 2n + denominator * 10n ** BigInt(-power)) / (denominator * 2n * 10n ** BigInt(-power));
  let scaled = scaledBy(digits - 1 - exponent);
  while (scaled >= 10n ** BigInt(digits)) {
    exponent++;
    scaled = scaledBy(digits - 1 - exponent);
  }
  const text = scaled.toString().replace(/0+$/, '') || '0';
  const mantissa = text.length > 1 ? `${text[0]}.${text.slice(1)}` : text;
  return fromExponential(`${mantissa}e${exponent}`);
}
