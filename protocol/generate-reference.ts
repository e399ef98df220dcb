// Writes the reference part of protocol.md: every field as *field, bytes, hex example, meaning*.

import { ARCHS, FAULT_WORDS, type FieldDef, type FieldType, FRAMES, LIMITS, OPS, STATUSES } from './messages.js';
import { TABLE_HASH } from './table-hash.js';

export const REFERENCE_START = '<!-- generated reference: start (npm run generate) -->';
export const REFERENCE_END = '<!-- generated reference: end -->';

const hexByte = (value: number) => value.toString(16).padStart(2, '0');
const code = (value: number) => `0x${hexByte(value)}`;

/** What each type looks like on the line: bytes, and an example with the value it stands for. */
const TYPES: Record<FieldType, { bytes: string; example: string; stands: string; layout: string }> = {
  u8: { bytes: '1', example: '05', stands: '5', layout: 'one byte' },
  u16: { bytes: '2', example: '00 02', stands: '512', layout: 'little-endian' },
  u32: { bytes: '4', example: '00 00 00 20', stands: '0x20000000', layout: 'little-endian' },
  varint: {
    bytes: '1–5',
    example: 'ac 02',
    stands: '300',
    layout: 'LEB128: 7 bits a byte, lowest first, bit 7 set on all but the last; a value beyond 32 bits is malformed',
  },
  addr: {
    bytes: '1–5',
    example: '80 20',
    stands: 'arena + 0x1000',
    layout: 'varint of (address − arenaAddr) modulo 2³²',
  },
  blob: { bytes: '1–5 + n', example: '03 61 62 63', stands: 'the 3 bytes `abc`', layout: 'varint n, then n bytes' },
  rest: { bytes: 'n', example: '68 69', stands: 'the 2 bytes `hi`', layout: 'all bytes up to the end of the body' },
};

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

function fieldTable(fields: readonly FieldDef[]): string[] {
  return table(
    ['field', 'type', 'bytes', 'hex example', 'meaning'],
    fields.map(({ name, type, meaning }) => {
      const { bytes, example, stands } = TYPES[type];
      return [`\`${name}\``, type, bytes, `\`${example}\` = ${stands}`, meaning];
    }),
  );
}

function fieldsOrNone(title: string, fields: readonly FieldDef[]): string[] {
  return fields.length === 0 ? [`${title}: none.`, ''] : [`${title}:`, '', ...fieldTable(fields)];
}

const BODIES = {
  ops: 'Body: operations, one after another (see *Operations*).',
  reply:
    'Body: `output` (u16: bytes of output sent since the board started, modulo 65,536), `status` (u8), `done` (varint: ops finished), their results in order, then the fields of the status.',
} as const;

/** The text between the two markers of protocol.md. */
export function renderReference(): string {
  const lines = [
    '## Reference',
    '',
    `Hash of this table: \`0x${hexByte(TABLE_HASH >>> 24)}${(TABLE_HASH & 0xffffff).toString(16).padStart(6, '0')}\`.`,
    `A decoded frame (kind to CRC) has ${LIMITS.minFrame} bytes at least and never more than ${LIMITS.maxFrame}; each board announces its own limit.`,
    '',
    '### Types of fields',
    '',
    ...table(
      ['type', 'bytes', 'hex example', 'stands for', 'layout'],
      Object.entries(TYPES).map(([name, t]) => [name, t.bytes, `\`${t.example}\``, t.stands, t.layout]),
    ),
    '### The frame',
    '',
    ...table(
      ['field', 'bytes', 'hex example', 'meaning'],
      [
        ['`kind`', '1', '`02` = BATCH', 'row of the table of frames'],
        [
          '`seq`',
          '1',
          '`07`',
          'sequence number; HELLO_REPLY, BATCH_REPLY and NAK carry that of the frame they answer, STATE and OUTPUT that of the newest batch',
        ],
        ['body', '0–n', '', 'as the kind says'],
        ['`crc`', '4', '`26 39 f4 cb` = 0xcbf43926', 'CRC-32/ISO-HDLC over kind, seq and body, little-endian'],
      ],
    ),
    '### Frames',
    '',
  ];
  for (const [name, frame] of Object.entries(FRAMES)) {
    lines.push(`#### \`${code(frame.code)}\` ${name} (from the ${frame.from})`, '', frame.meaning, '');
    lines.push(...('body' in frame ? [BODIES[frame.body], ''] : fieldsOrNone('Fields', frame.fields)));
  }
  lines.push('### Operations', '', 'Each starts with its code (u8); the request fields follow.', '');
  for (const [name, op] of Object.entries(OPS)) {
    lines.push(`#### \`${code(op.code)}\` ${name}`, '', op.meaning, '');
    lines.push(...fieldsOrNone('Request', op.request), ...fieldsOrNone('Result', op.result));
  }
  lines.push('### Statuses of a reply', '');
  lines.push(
    ...table(
      ['status', 'hex', 'fields after the results', 'meaning'],
      Object.entries(STATUSES).map(([name, status]) => [
        name,
        `\`${hexByte(status.code)}\``,
        status.failure.map((field) => `\`${field.name}\` (${field.type}): ${field.meaning}`).join('; ') || 'none',
        status.meaning,
      ]),
    ),
  );
  lines.push('### Architectures', '');
  lines.push(
    ...table(
      ['name', 'hex'],
      Object.entries(ARCHS).map(([name, value]) => [name, `\`${hexByte(value)}\``]),
    ),
  );
  lines.push('### Words of a fault record', '');
  for (const [arch, words] of Object.entries(FAULT_WORDS)) {
    lines.push(
      `${arch}, ${words.length} words (u32, little-endian): ${words.map((word) => `\`${word}\``).join(', ')}.`,
      '',
    );
  }
  return lines.join('\n').trimEnd();
}

/** Puts `reference` between the markers of `document`.
 *  @throws Error when a marker is missing */
export function replaceReference(document: string, reference: string): string {
  const start = document.indexOf(REFERENCE_START);
  const end = document.indexOf(REFERENCE_END);
  if (start < 0 || end < start) throw new Error(`protocol.md lacks the markers ${REFERENCE_START} … ${REFERENCE_END}`);
  return `${document.slice(0, start + REFERENCE_START.length)}\n\n${reference}\n\n${document.slice(end)}`;
}
