// Writes the message table as C macros, so that the stub cannot spell a code differently from the host.

import { ARCHS, FAULT_WORDS, type FieldDef, FRAMES, LIMITS, OPS, STATUSES } from './messages.js';
import { TABLE_HASH } from './table-hash.js';

const macroName = (prefix: string, name: string) => `BW_${prefix}_${name.replaceAll('-', '_').toUpperCase()}`;
const hex = (value: number, digits: number) => `0x${value.toString(16).toUpperCase().padStart(digits, '0')}u`;
const shape = (fields: readonly FieldDef[]) => fields.map((field) => `${field.name}:${field.type}`).join(' ');

function define(name: string, value: string, note = ''): string {
  const line = `#define ${name.padEnd(26)} ${value}`;
  return note === '' ? line : `${line.padEnd(44)} /* ${note} */`;
}

/** Text of `firmware-stub/generated/bw_protocol.h`. */
export function renderHeader(): string {
  const lines = [
    '/* Generated from protocol/messages.ts by `npm run generate`. Do not edit.',
    ' *',
    ' * frame   COBS( kind:u8  seq:u8  body...  crc32:u32le )  0x00',
    ' * batch   body = op*     op = code:u8 fields...',
    ' * reply   body = output:u16  status:u8  done:varint  result*  failure */',
    '#ifndef BW_PROTOCOL_H',
    '#define BW_PROTOCOL_H',
    '',
    '/* CRC-32 of the message table; HELLO_REPLY carries it. */',
    define('BW_TABLE_HASH', hex(TABLE_HASH, 8)),
    '',
    '/* Shortest decoded frame (kind, seq, CRC), and the longest any board may announce. */',
    define('BW_MIN_FRAME', `${LIMITS.minFrame}u`),
    define('BW_LIMIT_MAX_FRAME', `${LIMITS.maxFrame}u`),
    '',
    '/* Output that may be unacknowledged. */',
    define('BW_LIMIT_MAX_OUTPUT', `${LIMITS.maxOutput}u`),
    '',
    '/* Kinds of frames, with the fields of their bodies. */',
    ...Object.entries(FRAMES).map(([name, frame]) =>
      define(
        macroName('FRAME', name),
        hex(frame.code, 2),
        'body' in frame ? `${frame.body} body` : shape(frame.fields),
      ),
    ),
    '',
    '/* Operations: fields of the request -> fields of the result. */',
    ...Object.entries(OPS).map(([name, op]) =>
      define(macroName('OP', name), hex(op.code, 2), `${shape(op.request)} -> ${shape(op.result)}`.trimEnd()),
    ),
    '',
    '/* How a batch ended, with the fields that follow the results. */',
    ...Object.entries(STATUSES).map(([name, status]) =>
      define(macroName('STATUS', name), `${status.code}u`, shape(status.failure)),
    ),
    '',
    '/* Architectures. */',
    ...Object.entries(ARCHS).map(([name, code]) => define(macroName('ARCH', name), `${code}u`)),
  ];
  for (const [arch, words] of Object.entries(FAULT_WORDS)) {
    lines.push(
      '',
      `/* Words of a fault record of ${arch}: their count, and the index of each. */`,
      define(macroName('FAULT_WORDS', arch), `${words.length}u`),
      ...words.map((word, index) =>
        define(macroName('FAULT', arch === 'cortexm' ? word : `${arch}_${word}`), `${index}u`),
      ),
    );
  }
  lines.push('', '#endif', '');
  return lines.join('\n');
}
