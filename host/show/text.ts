// Characters and strings as C++ literals. What a terminal would act on or hide (control characters, direction marks,
// bytes that are no UTF-8) is escaped; escapes are octal for bytes, because a hexadecimal one has no end in C++.

/** How literals of one character type are written, and how its units make up code points. */
export interface CharKind {
  readonly prefix: string;
  readonly unitBytes: 1 | 2 | 4;
}

/** By the type's name. `signed char` and `unsigned char` are numbers, see scalars.ts. */
export const CHAR_KINDS: Readonly<Record<string, CharKind>> = {
  char: { prefix: '', unitBytes: 1 },
  wchar_t: { prefix: 'L', unitBytes: 4 },
  char8_t: { prefix: 'u8', unitBytes: 1 },
  char16_t: { prefix: 'u', unitBytes: 2 },
  char32_t: { prefix: 'U', unitBytes: 4 },
};

const NAMED_ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  92: '\\\\',
};

/** Cannot be told apart or seen on a terminal. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}

/** One code point inside quotes. */
function codePointText(code: number, quote: string): string {
  const named = NAMED_ESCAPES[code];
  if (named !== undefined) return named;
  if (code < 0x20 || code === 0x7f) return octal(code);
  if (code > 0x10ffff) return `\\x${code.toString(16)}`;
  const text = String.fromCodePoint(code);
  if (text === quote) return `\\${quote}`;
  if (code < 0x7f || !UNSEEN.test(text)) return text;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** `'a'`, `u'é'`, `'\0'`, `'\200'`. */
export function quoteChar(kind: CharKind, code: number): string {
  if (code === 0) return `${kind.prefix}'\\0'`;
  // A byte beyond ASCII is part of something longer.
  const text = kind.unitBytes === 1 && code > 0x7f ? octal(code) : codePointText(code, "'");
  return `${kind.prefix}'${text}'`;
}

/** `"abc"`, `L"abc"`. @param bytes whole units, little-endian, without the ending NUL */
export function quoteString(kind: CharKind, bytes: Uint8Array): string {
  const decode = { 1: decodeUtf8, 2: decodeUtf16, 4: decodeUtf32 }[kind.unitBytes];
  return `${kind.prefix}"${decode(bytes)}"`;
}

function decodeUtf8(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]!;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const code = lead < 0x80 ? lead : sequenceAt(bytes, i, length);
    if (code === undefined) {
      out += octal(lead);
      i++;
    } else {
      out += codePointText(code, '"');
      i += length;
    }
  }
  return out;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function sequenceAt(bytes: Uint8Array, at: number, length: number): number | undefined {
  if (at + length > bytes.length) return undefined;
  try {
    const text = strict.decode(bytes.subarray(at, at + length));
    const code = text.codePointAt(0);
    return code !== undefined && String.fromCodePoint(code) === text ? code : undefined;
  } catch {
    return undefined;
  }
}

function decodeUtf16(bytes: Uint8Array): string {
  let out = '';
  const unit = (i: number): number => (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8);
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const high = unit(i);
    const low = unit(i + 2);
    if (high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
      out += codePointText(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), '"');
      i += 2;
    } else {
      out += codePointText(high, '"');
    }
  }
  return out;
}

function decodeUtf32(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i + 3 < bytes.length; i += 4) {
    const code = (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)) >>> 0;
    out += codePointText(code, '"');
  }
  return out;
}
