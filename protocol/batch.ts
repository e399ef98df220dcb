// Bodies of BATCH and BATCH_REPLY: a list of operations out, and back how far it got, the result of each
// finished operation, and what the status has to say about the one that failed.

import { type AnyFields, BodyReader, type FieldsOf, MalformedBody, putFields } from './fields.js';
import { type FieldDef, FRAMES, OPS, type OpName, STATUSES, type StatusName } from './messages.js';
import { putVarint } from './varint.js';

/** One operation of a batch: `{op: 'WRITE', addr, data}`, `{op: 'RUN', entry}`, … Addresses are absolute. */
export type Op = { [N in OpName]: { readonly op: N } & FieldsOf<(typeof OPS)[N]['request']> }[OpName];

/** What a finished operation gave: `{op: 'READ', data}`, `{op: 'RUN', value, micros}`, `{op: 'WRITE'}`, … */
export type OpResult = { [N in OpName]: { readonly op: N } & FieldsOf<(typeof OPS)[N]['result']> }[OpName];

/** What a status adds: `crc` of MISMATCH, `record` of FAULT, BROKEN and STALLED, `value` of EXITED, `bootId` where
 *  the board has restarted. */
export interface Failure {
  readonly crc?: number;
  readonly record?: Uint8Array;
  readonly value?: number;
  readonly bootId?: number;
}

export interface BatchReply {
  readonly status: StatusName;
  /** Operations that finished; `results` has one entry for each. */
  readonly done: number;
  readonly results: readonly OpResult[];
  readonly failure: Failure;
}

const OP_OF_CODE = new Map<number, OpName>(Object.entries(OPS).map(([name, def]) => [def.code, name as OpName]));
const STATUS_OF_CODE = new Map<number, StatusName>(
  Object.entries(STATUSES).map(([name, def]) => [def.code, name as StatusName]),
);

/** Encodes the body of a BATCH.
 *  @param arenaAddr first byte of the board's arena, as HELLO_REPLY gave it */
export function encodeOps(ops: readonly Op[], arenaAddr: number): Uint8Array {
  const out: number[] = [];
  for (const op of ops) {
    const def = OPS[op.op];
    out.push(def.code);
    putFields(out, def.request, op as unknown as AnyFields, arenaAddr);
  }
  return Uint8Array.from(out);
}

/** Decodes the body of a BATCH.
 *  @throws MalformedBody at an unknown operation or a field beyond the end */
export function decodeOps(body: Uint8Array, arenaAddr: number): Op[] {
  const reader = new BodyReader(body, arenaAddr);
  const ops: Op[] = [];
  while (!reader.atEnd) {
    const code = reader.u8('operation');
    const name = OP_OF_CODE.get(code);
    if (name === undefined) throw new MalformedBody(`operation ${ops.length}: no operation has code ${code}`);
    ops.push({ op: name, ...reader.fields<readonly FieldDef[]>(OPS[name].request) } as unknown as Op);
  }
  return ops;
}

/** Encodes the body of a BATCH_REPLY.
 *  @param output bytes of output sent so far */
export function encodeReply({ status, done, results, failure }: BatchReply, output = 0): Uint8Array {
  const out: number[] = [];
  putFields(out, FRAMES.BATCH_REPLY.fields, { output }, 0);
  out.push(STATUSES[status].code);
  putVarint(out, done);
  for (const result of results) putFields(out, OPS[result.op].result, result as unknown as AnyFields, 0);
  putFields(out, STATUSES[status].failure, failure as AnyFields, 0);
  return Uint8Array.from(out);
}

/** Bytes of output that the board had sent before a BATCH_REPLY, modulo 65,536.
 *  @throws MalformedBody when the body is too short */
export function outputBefore(body: Uint8Array): number {
  return new BodyReader(body, 0).fields(FRAMES.BATCH_REPLY.fields).output;
}

/** Decodes the body of a BATCH_REPLY.
 *  @param ops the operations of the batch it answers: they say which results to expect
 *  @throws MalformedBody when it does not fit them */
export function decodeReply(body: Uint8Array, ops: readonly Op[]): BatchReply {
  const reader = new BodyReader(body, 0);
  reader.fields(FRAMES.BATCH_REPLY.fields);
  const code = reader.u8('status');
  const status = STATUS_OF_CODE.get(code);
  if (status === undefined) throw new MalformedBody(`no status has code ${code}`);
  const done = reader.varint('done');
  if (done > ops.length) throw new MalformedBody(`${done} operations are said to be done, ${ops.length} were sent`);
  if (status === 'OK' && done < ops.length) {
    throw new MalformedBody(`all is said to be well after ${done} of ${ops.length} operations`);
  }
  const results = ops.slice(0, done).map((op) => {
    const result = { op: op.op, ...reader.fields<readonly FieldDef[]>(OPS[op.op].result) } as unknown as OpResult;
    if (op.op === 'READ' && result.op === 'READ' && result.data.length !== op.len) {
      throw new MalformedBody(`READ of ${op.len} bytes gave ${result.data.length}`);
    }
    return result;
  });
  const failure: Failure = reader.fields<readonly FieldDef[]>(STATUSES[status].failure) as unknown as Failure;
  reader.finish('reply');
  return { status, done, results, failure };
}
