// What a board file of the user's own may say, as a JSON schema: the one description that editors complete from
// (`board.schema.json`, written by `npm run generate`), that read-board.ts checks files against, and whose `description`s
// are the words of its errors.
//
// A file names its core instead of spelling out triple, libraries and capabilities: cores.ts knows what goes with it.

import { CORES } from './cores.js';
import { UART_KINDS } from './uart.js';

/** The part of JSON schema that is used here. @see https://json-schema.org/draft/2020-12 */
export interface Schema {
  /** What the value is, in words that fit behind "it takes". */
  readonly description?: string;
  readonly type?: 'string' | 'integer' | 'boolean' | 'object' | 'array';
  readonly enum?: readonly (string | boolean)[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly anyOf?: readonly Schema[];
}

const words = (description: string): Schema => ({ type: 'string', pattern: '\\S', description });

const ADDRESS: Schema = {
  description: 'an address below 4 GiB: a number, or text as "0x20000000"',
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 0xffff_ffff },
    { type: 'string', pattern: '^0x[0-9a-fA-F]{1,8}$' },
  ],
};

const SIZE: Schema = {
  description: 'bytes: a number, or text as "64K", "1M" or "0x8000"',
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 0xffff_ffff },
    { type: 'string', pattern: '^(\\d{1,7}[KM]|0x[0-9a-fA-F]{1,8})$' },
  ],
};

const REGION: Schema = {
  type: 'object',
  description: 'a region of memory',
  required: ['name', 'addr', 'sizeBytes', 'access'],
  additionalProperties: false,
  properties: {
    name: words('its name'),
    addr: ADDRESS,
    sizeBytes: SIZE,
    access: {
      enum: ['rx', 'rw', 'rwx'],
      description: '"rx" for flash, "rwx" for RAM that code may lie in, "rw" for other RAM',
    },
  },
};

const DRIVE: Schema = {
  type: 'object',
  description: 'a drive that the board shows up as',
  required: ['way', 'format', 'marker', 'says', 'hint'],
  additionalProperties: false,
  properties: {
    way: { enum: ['drive'], description: '"drive"' },
    format: { enum: ['uf2', 'hex', 'bin'], description: '"uf2", "hex" or "bin"' },
    marker: words('the name of a file on the drive'),
    says: words('a regular expression that fits the text of that file'),
    hint: words('how the drive is made to appear'),
    familyId: { type: 'integer', minimum: 0, maximum: 0xffff_ffff, description: 'a UF2 family' },
  },
};

const PROGRAM: Schema = {
  type: 'object',
  description: 'a program that writes the image',
  required: ['way', 'program', 'runs'],
  additionalProperties: false,
  properties: {
    way: { enum: ['program'], description: '"program"' },
    program: words('the name of a program'),
    runs: {
      type: 'array',
      minItems: 1,
      description: 'a list of argument lists, in which {elf}, {hex}, {bin}, {esp} and {port} are filled in',
      items: {
        type: 'array',
        description: 'a list of arguments',
        items: { type: 'string', description: 'an argument' },
      },
    },
  },
};

const CAPABILITIES: Schema = {
  type: 'object',
  description: 'what differs from what the core can do as a rule',
  additionalProperties: false,
  properties: {
    protection: {
      enum: ['mpu', 'mpu v8', 'pmp', 'guards', 'none'],
      description: '"mpu", "mpu v8", "pmp", "guards" or "none"',
    },
  },
};

const SIMULATOR: Schema = {
  type: 'object',
  description: 'how QEMU is started with the image',
  required: ['kind', 'machine'],
  additionalProperties: false,
  properties: {
    kind: { enum: ['qemu'], description: '"qemu"' },
    machine: words("QEMU's -M"),
    program: words('the name of a program, as qemu-system-arm'),
    args: { type: 'array', description: 'a list of arguments', items: { type: 'string', description: 'an argument' } },
    serial: { type: 'integer', minimum: 0, maximum: 7, description: "which of the machine's serial ports, from 0" },
    losesOutput: { enum: [true], description: 'true' },
  },
};

const BUILD: Schema = {
  type: 'object',
  description: 'what the image is built of by `npm run firmware -- --board FILE`',
  required: ['port', 'script'],
  additionalProperties: false,
  properties: {
    port: words('the folder of the port, from the folder of this file'),
    script: words('the linker script, from the folder of this file'),
    defines: {
      type: 'array',
      description: 'a list of macros as "STUB_FPU"',
      items: { type: 'string', pattern: '^[A-Za-z_]\\w*(=.*)?$', description: 'NAME or NAME=VALUE' },
    },
  },
};

const UART: Schema = {
  type: 'object',
  description: 'the UART of the stub, whose rate is raised after the handshake',
  required: ['kind', 'addr', 'clockHz', 'maxBaud'],
  additionalProperties: false,
  properties: {
    kind: { enum: UART_KINDS, description: `one of ${UART_KINDS.join(', ')}` },
    addr: ADDRESS,
    clockHz: {
      type: 'integer',
      minimum: 1_000_000,
      maximum: 1_000_000_000,
      description: 'what its divisor divides, in Hz',
    },
    maxBaud: {
      type: 'integer',
      minimum: 115_200,
      maximum: 10_000_000,
      description: 'bits a second that the stub keeps up with',
    },
  },
};

const INTERRUPTS: Schema = {
  type: 'object',
  description: 'the interrupts that bw::on_irq takes',
  required: ['last', 'stub', 'coreTimer'],
  additionalProperties: false,
  properties: {
    first: { type: 'integer', minimum: 0, maximum: 1, description: 'number of the first line: 0, or 1 for a PLIC' },
    last: { type: 'integer', minimum: 0, maximum: 239, description: 'number of the last line, up to 239' },
    stub: {
      type: 'array',
      description: 'a list of the lines that the stub works with',
      items: { type: 'integer', minimum: 0, maximum: 239, description: 'the number of a line' },
    },
    coreTimer: {
      enum: ['free', 'clock', 'none'],
      description: '"free", "clock" where micros() counts with SysTick, or "none" where the core has no SysTick',
    },
  },
};

export const BOARD_SCHEMA: Schema = {
  type: 'object',
  description: 'a board',
  required: ['name', 'title', 'core', 'image', 'regions', 'heapBytes'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string', description: 'the address of this schema' },
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_.-]*$', description: 'a name of a-z, 0-9, "-", "_" and "."' },
    title: words('a title for people'),
    core: {
      enum: Object.keys(CORES),
      description: `one of ${Object.keys(CORES).join(', ')}`,
    },
    image: {
      type: 'string',
      pattern: '\\.elf$',
      description: 'the path of the stub image, an .elf file, from the folder of this file',
    },
    build: BUILD,
    regions: { type: 'array', minItems: 1, description: 'a list of at least one region of memory', items: REGION },
    heapBytes: SIZE,
    baud: { type: 'integer', minimum: 300, maximum: 10_000_000, description: 'bits a second, 300 or more' },
    uart: UART,
    flash: { type: 'array', description: 'a list of ways to flash it', items: { anyOf: [DRIVE, PROGRAM] } },
    capabilities: CAPABILITIES,
    interrupts: INTERRUPTS,
    simulator: SIMULATOR,
  },
};

/** Address that the schema has in the package. */
export const SCHEMA_FILE = 'boards/board.schema.json';

/** Text of `board.schema.json`. */
export function schemaText(): string {
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'barewire board' };
  return `${JSON.stringify({ ...head, ...BOARD_SCHEMA }, null, 2)}\n`;
}
