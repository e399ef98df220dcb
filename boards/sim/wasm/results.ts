// A call of a function that has another result by now than its caller was compiled for. Elsewhere the caller finds in
// the register of results what there is; here types must agree, so that integers are made to. What the others
// mean to a caller is nothing that could be right: their calls trap, and the trap says why.

const EMPTY = 0;
const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;

/** Instructions behind the call, by the result that there is and the one that is wanted. */
const CONVERSIONS: ReadonlyMap<string, readonly number[]> = new Map([
  ...[I32, I64, F32, F64].map((type): [string, number[]] => [`${type} ${EMPTY}`, [0x1a]]), // drop
  [`${EMPTY} ${I32}`, [0x41, 0]],
  [`${EMPTY} ${I64}`, [0x42, 0]],
  [`${I64} ${I32}`, [0xa7]], // i32.wrap_i64
  [`${I32} ${I64}`, [0xac]], // i64.extend_i32_s
]);

/** What makes of the result of a function of the type `actual` the one of a function of the type `wanted`; undefined
 *  where parameters differ, or nothing sensible can be made.
 *  @param actual as modules have it, like `wanted` */
export function resultAs(wanted: Uint8Array, actual: Uint8Array): readonly number[] | undefined {
  const [there, here] = [partsOf(actual), partsOf(wanted)];
  if (there.params !== here.params || there.result === undefined || here.result === undefined) return undefined;
  return CONVERSIONS.get(`${there.result} ${here.result}`);
}

/** Whether two types are the same. */
export const isSameType = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function partsOf(type: Uint8Array): { readonly params: string; readonly result: number | undefined } {
  const count = type[1]!;
  const results = type.subarray(3 + count);
  const params = Buffer.from(type.subarray(2, 2 + count)).toString('hex');
  return { params, result: results.length > 1 ? undefined : (results[0] ?? EMPTY) };
}
