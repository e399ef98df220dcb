// A reset of the board by its stub: the program begins anew, RAM outlives it.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSimulator } from '../../boards/sim/index.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { DeviceLink } from '../../host/wire/link.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { encodeFrame } from '../../protocol/frame.js';
import { onBoards } from '../support/on-boards.js';

onBoards('all', [], (board) => {
  let port: BytePort;
  let link: DeviceLink;

  beforeAll(async () => {
    port = await startSimulator(board, join(packageRoot(), `firmware-stub/build/${board.image}.elf`));
    link = await DeviceLink.connect(port);
  });
  afterAll(() => link?.close());

  it('leaves what the host has written to the arena', async () => {
    const { arenaAddr } = link.hello;
    const data = Uint8Array.of(1, 2, 3, 4);
    await link.execute([{ op: 'WRITE', addr: arenaAddr, data }]);
    const restarted = new Promise<void>((resolve) => link.onRestart(() => resolve()));
    port.write(Uint8Array.of(0, ...encodeFrame({ kind: 'RESET', seq: 0, body: new Uint8Array() })));
    await restarted;
    const reply = await link.execute([{ op: 'READ', addr: arenaAddr, len: 4 }]);
    expect(reply.results).toEqual([{ op: 'READ', data }]);
  });
});
