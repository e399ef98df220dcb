// The wire contract as one table. The TypeScript codec interprets it, `generate.ts` writes the C header
// and the reference part of protocol.md from it, and its hash is exchanged in the handshake, so that the
// two ends cannot drift apart unnoticed.
//
//   frame   COBS( kind:u8  seq:u8  body…  crc32:u32le )  0x00
//   batch   body = op*          op = code:u8 fields…
//   reply   body = output:u16  status:u8  done:varint  result*    (one result for each finished op, then `failure`)

/** How a field is written. All integers are little-endian; `varint` is LEB128, at most 5 bytes.
 *  `addr` is the varint of (address − arena base) modulo 2³², so that nearby addresses are short;
 *  `blob` is a varint length and that many bytes; `rest` is all bytes up to the end of the body. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'varint' | 'addr' | 'blob' | 'rest';

export interface FieldDef {
  readonly name: string;
  readonly type: FieldType;
  readonly meaning: string;
}

export interface FrameDef {
  readonly code: number;
  readonly from: 'host' | 'board';
  /** Fields of the body; `ops` and `reply` bodies have the batch layout drawn above after these. */
  readonly fields: readonly FieldDef[];
  readonly body?: 'ops' | 'reply';
  readonly meaning: string;
}

export interface OpDef {
  readonly code: number;
  readonly request: readonly FieldDef[];
  readonly result: readonly FieldDef[];
  readonly meaning: string;
}

export interface StatusDef {
  readonly code: number;
  /** Fields that follow the results of the finished ops. */
  readonly failure: readonly FieldDef[];
  readonly meaning: string;
}

const HELLO_FIELDS = [
  { name: 'tableHash', type: 'u32', meaning: 'CRC-32 of the message table the board was built with' },
  { name: 'output', type: 'u32', meaning: 'bytes of output since the board started' },
  {
    name: 'bootId',
    type: 'u8',
    meaning: '0 since power came; changes with every reset, which the RAM has outlived',
  },
  {
    name: 'cause',
    type: 'u8',
    meaning:
      'status with which the board restarted by itself: DAMAGED, FAULT in an interrupt handler between runs; else 0',
  },
  { name: 'buildId', type: 'blob', meaning: 'GNU build id of the image; names the ELF file with its symbols' },
  { name: 'arch', type: 'u8', meaning: 'row of ARCHS' },
  { name: 'arenaAddr', type: 'u32', meaning: 'first byte of the RAM that the host lays out' },
  { name: 'arenaSize', type: 'u32', meaning: 'bytes of it' },
  { name: 'stackAddr', type: 'u32', meaning: "lowest byte of the user code's stack" },
  { name: 'stackSize', type: 'u32', meaning: 'bytes of it' },
  { name: 'maxFrame', type: 'u16', meaning: 'longest decoded frame, kind to CRC, that the board can take' },
  { name: 'maxReply', type: 'u16', meaning: 'longest decoded frame that it sends' },
  { name: 'window', type: 'u8', meaning: 'frames the host may have unanswered' },
] as const satisfies readonly FieldDef[];

const OUTPUT_SENT = {
  name: 'output',
  type: 'u16',
  meaning: 'bytes of output sent since the board started, modulo 65,536',
} as const;

/** Every kind of frame. Host frames are below 0x80, board frames from 0x80 on. */
export const FRAMES = {
  HELLO: {
    code: 0x01,
    from: 'host',
    fields: [],
    meaning: 'Asks who is there. The frame sets the sequence: the next batch carries seq + 1.',
  },
  BATCH: {
    code: 0x02,
    from: 'host',
    fields: [],
    body: 'ops',
    meaning: 'Operations, done in order until one fails.',
  },
  BATCH_CONT: {
    code: 0x03,
    from: 'host',
    fields: [],
    body: 'ops',
    meaning: 'As BATCH, but refused with ABORTED if the batch before it failed.',
  },
  BREAK: {
    code: 0x04,
    from: 'host',
    fields: [],
    meaning:
      'Stops the code that the batch with this seq runs, which then answers BROKEN. Nothing happens if that batch is not there, or done.',
  },
  PING: {
    code: 0x05,
    from: 'host',
    fields: [],
    meaning: 'Asks for STATE, also while code runs, and acknowledges output as ACK does. Outside the sequence.',
  },
  RESET: {
    code: 0x06,
    from: 'host',
    fields: [],
    meaning: 'Restarts the board, which then says HELLO_REPLY. Outside the sequence.',
  },
  ACK: {
    code: 0x07,
    from: 'host',
    fields: [],
    meaning:
      'Acknowledges output: all bytes before offset 4 · seq are here (modulo 1024; the board holds less than that). Outside the sequence.',
  },
  AGAIN: {
    code: 0x08,
    from: 'host',
    fields: [],
    meaning: 'As ACK, and asks for the output from there on once more.',
  },
  HELLO_REPLY: {
    code: 0x81,
    from: 'board',
    fields: HELLO_FIELDS,
    meaning: 'Answers HELLO with its seq. With seq 0: the board has started, and no HELLO has come since.',
  },
  BATCH_REPLY: {
    code: 0x82,
    from: 'board',
    fields: [OUTPUT_SENT],
    body: 'reply',
    meaning: 'Answers BATCH and BATCH_CONT with the same seq.',
  },
  NAK: {
    code: 0x83,
    from: 'board',
    fields: [{ name: 'expected', type: 'u8', meaning: 'seq the board waits for' }],
    meaning: 'A batch came out of sequence: one before it was lost. Send again from `expected`.',
  },
  STATE: {
    code: 0x84,
    from: 'board',
    fields: [
      OUTPUT_SENT,
      { name: 'running', type: 'u8', meaning: '1 while user code runs' },
      { name: 'lastSeq', type: 'u8', meaning: 'seq of the newest batch begun' },
      { name: 'badCrc', type: 'varint', meaning: 'frames dropped because of their CRC' },
      { name: 'badLength', type: 'varint', meaning: 'frames dropped as too short, too long or not COBS' },
      { name: 'dropped', type: 'varint', meaning: 'good frames dropped because the board was busy' },
    ],
    meaning: 'Answers PING.',
  },
  OUTPUT: {
    code: 0x90,
    from: 'board',
    fields: [
      { name: 'offset', type: 'varint', meaning: 'output bytes sent since the board started, before these' },
      { name: 'data', type: 'rest', meaning: 'what the code printed' },
    ],
    meaning: 'Output of running code. seq is that of its batch.',
  },
} as const satisfies Record<string, FrameDef>;

const ADDR = { name: 'addr', type: 'addr', meaning: 'first byte' } as const;
const LEN = { name: 'len', type: 'varint', meaning: 'bytes' } as const;

/** Operations of a batch. */
export const OPS = {
  WRITE: {
    code: 0x01,
    request: [ADDR, { name: 'data', type: 'blob', meaning: 'what to write there' }],
    result: [],
    meaning: 'Writes RAM inside the arena.',
  },
  FILL: {
    code: 0x02,
    request: [ADDR, LEN, { name: 'value', type: 'u8', meaning: 'byte to repeat' }],
    result: [],
    meaning: 'Fills RAM inside the arena.',
  },
  READ: {
    code: 0x03,
    request: [ADDR, LEN],
    result: [{ name: 'data', type: 'blob', meaning: 'what stood there' }],
    meaning: 'Reads any memory; aligned words are read as words.',
  },
  CRC: {
    code: 0x04,
    request: [ADDR, LEN],
    result: [{ name: 'crc', type: 'u32', meaning: 'CRC-32 (IEEE 802.3) of the range' }],
    meaning: 'Sums a range.',
  },
  CHECK: {
    code: 0x05,
    request: [ADDR, LEN, { name: 'crc', type: 'u32', meaning: 'CRC-32 the range must have' }],
    result: [],
    meaning: 'Ends the batch with MISMATCH unless the range has this CRC.',
  },
  RUN: {
    code: 0x06,
    request: [{ name: 'entry', type: 'addr', meaning: 'function to call; bit 0 set on Thumb' }],
    result: [
      { name: 'value', type: 'u32', meaning: 'first result register on return' },
      { name: 'micros', type: 'varint', meaning: 'time it took, in microseconds' },
    ],
    meaning: 'Calls a function without arguments on the user stack and waits for its return.',
  },
  FIND: {
    code: 0x07,
    request: [
      ADDR,
      LEN,
      { name: 'low', type: 'addr', meaning: 'least word to find' },
      { name: 'span', type: 'varint', meaning: 'greatest word to find, minus `low`' },
    ],
    result: [
      { name: 'next', type: 'u32', meaning: 'address at which the search ended: the end of the range if it is whole' },
      { name: 'words', type: 'blob', meaning: 'the u32 words found, in order of address, 31 at most' },
    ],
    meaning: 'Finds the words of a range, whole and aligned, whose value is one of low … low + span.',
  },
} as const satisfies Record<string, OpDef>;

/** Words of a fault record, in the order in which they are sent. */
export const FAULT_WORDS = {
  cortexm: [
    'exception',
    'cfsr',
    'hfsr',
    'mmfar',
    'bfar',
    'sp',
    /** 0, or the bootId from now on: the board had to restart to get out of an interrupt handler. */
    'restart',
    'r0',
    'r1',
    'r2',
    'r3',
    'r12',
    'lr',
    'pc',
    'xpsr',
    'r4',
    'r5',
    'r6',
    'r7',
    'r8',
    'r9',
    'r10',
    'r11',
  ],
  rv32: [
    'mcause',
    'mepc',
    'mtval',
    'ra',
    'sp',
    'gp',
    'tp',
    't0',
    't1',
    't2',
    's0',
    's1',
    'a0',
    'a1',
    'a2',
    'a3',
    'a4',
    'a5',
    'a6',
    'a7',
    's2',
    's3',
    's4',
    's5',
    's6',
    's7',
    's8',
    's9',
    's10',
    's11',
    't3',
    't4',
    't5',
    't6',
    'mstatus',
    /** As above. */
    'restart',
  ],
  /** An executor of WebAssembly (protocol/wasm-function.ts). */
  wasm32: [
    /** Row of WASM_TRAPS. */
    'trap',
    /** What the trap is about: an address, or 0. */
    'value',
    'sp',
    /** As above. */
    'restart',
    /** Calls on the stack, as far as they were counted. */
    'calls',
    /** Line of the controller whose handler ran, plus 1; 0: none did. */
    'handler',
    /** Places in records, innermost first; 0 where there are no more. Of more calls the last WASM_OUTER_CALLS words
     *  hold the outermost. */
    'pc',
    'pc1',
    'pc2',
    'pc3',
    'pc4',
    'pc5',
    'pc6',
    'pc7',
    'pc8',
    'pc9',
    'pc10',
    'pc11',
    'pc12',
    'pc13',
    'pc14',
    'pc15',
  ],
} as const satisfies Record<string, readonly string[]>;

const RECORD = [
  { name: 'record', type: 'blob', meaning: 'u32 words, named by FAULT_WORDS of the architecture' },
] as const;

/** How many places of a record are the outermost calls' when not all have room. */
export const WASM_OUTER_CALLS = 4;

/** Why an executor of WebAssembly stopped code. */
export const WASM_TRAPS = {
  stopped: 0,
  unreachable: 1,
  memory: 2,
  divideByZero: 3,
  divideOverflow: 4,
  float: 5,
  /** `value` is the address that was called, as with those of the next four rows that are about calls. */
  nullCall: 6,
  typeMismatch: 7,
  table: 8,
  stack: 9,
  /** Seen when the run was over: something was written below the stack. */
  nullWrite: 10,
  /** An address at which no function stands. */
  noFunction: 11,
  /** A record that no module can be made of. */
  badRecord: 12,
  other: 13,
  /** `value` is the address. */
  nullAccess: 14,
  /** A record that was linked for another address. */
  strangeRecord: 15,
  tooManyFunctions: 16,
} as const;

/** How a batch ended. `failure` fields stand after the results of the ops that finished. */
export const STATUSES = {
  OK: { code: 0, failure: [], meaning: 'All ops are done.' },
  MISMATCH: {
    code: 1,
    failure: [{ name: 'crc', type: 'u32', meaning: 'CRC-32 the range really has' }],
    meaning: 'CHECK found other bytes.',
  },
  REFUSED: { code: 2, failure: [], meaning: 'WRITE or FILL outside the arena.' },
  MALFORMED: { code: 3, failure: [], meaning: 'Unknown op, or a field beyond the end of the body.' },
  TOO_BIG: { code: 4, failure: [], meaning: 'The result does not fit the reply frame.' },
  FAULT: { code: 5, failure: RECORD, meaning: 'RUN ended in a processor exception.' },
  BROKEN: { code: 6, failure: RECORD, meaning: 'RUN was stopped by BREAK; the record says where.' },
  EXITED: {
    code: 7,
    failure: [{ name: 'value', type: 'u32', meaning: 'what the code passed to exit' }],
    meaning: 'RUN ended by a call of exit.',
  },
  ABORTED: { code: 8, failure: [], meaning: 'BATCH_CONT after a batch that failed; nothing done.' },
  REPEATED: { code: 9, failure: [], meaning: 'This batch was done before and its reply is no longer stored.' },
  DAMAGED: {
    code: 10,
    failure: [],
    meaning:
      "RUN wrote over the stub's own memory. Never in a reply: the board restarts, and HELLO_REPLY has it as `cause`.",
  },
  RESTARTED: {
    code: 11,
    failure: [{ name: 'bootId', type: 'u8', meaning: 'bootId from now on' }],
    meaning: 'The board was reset while RUN was in work; its RAM is as it was, its peripherals are not.',
  },
  STALLED: {
    code: 12,
    failure: RECORD,
    meaning: 'RUN masked interrupts for so long that the watchdog stopped it; the record says where.',
  },
} as const satisfies Record<string, StatusDef>;

/** Architectures a stub can say it runs on. */
export const ARCHS = { 'armv6-m': 1, 'armv7-m': 2, 'armv7e-m': 3, 'armv8-m': 4, rv32: 5, wasm32: 6 } as const;

export const LIMITS = {
  /** kind + seq + CRC: the shortest decoded frame. */
  minFrame: 6,
  /** No board may ask for longer frames than this. */
  maxFrame: 4096,
  /** Output that a board may hold unacknowledged: below what the seq of ACK can tell apart. */
  maxOutput: 512,
} as const;

export type FrameKind = keyof typeof FRAMES;
export type OpName = keyof typeof OPS;
export type StatusName = keyof typeof STATUSES;
export type ArchName = keyof typeof ARCHS;

/** Names of the words of an architecture's fault record. */
export function faultWordsOf(arch: ArchName): readonly string[] {
  return arch === 'rv32' || arch === 'wasm32' ? FAULT_WORDS[arch] : FAULT_WORDS.cortexm;
}
