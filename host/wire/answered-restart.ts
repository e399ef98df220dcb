// A board that had to restart to get out of user code keeps its memory, the sequence and the answer it owes. So the
// answer comes as if nothing had been, and says which bootId the board has from now on.

import type { BatchReply } from '../../protocol/batch.js';
import { type ArchName, faultWordsOf } from '../../protocol/messages.js';

/** The reply with `failure.bootId` if the board restarted for it; RESTARTED has it already. */
export function withBootId(reply: BatchReply, arch: ArchName): BatchReply {
  const { record } = reply.failure;
  const words = faultWordsOf(arch);
  const offset = 4 * words.indexOf('restart');
  if (record === undefined || record.length < offset + 4) return reply;
  const bootId = new DataView(record.buffer, record.byteOffset).getUint32(offset, true);
  return bootId === 0 ? reply : { ...reply, failure: { ...reply.failure, bootId } };
}
