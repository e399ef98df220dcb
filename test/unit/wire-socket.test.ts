// Byte ports over sockets.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSocketPort, type SocketAddress, socketAddress } from '../../host/wire/ports/socket.js';

describe('the name of a port', () => {
  test.each([
    ['unix:/tmp/a b', { path: '/tmp/a b' }],
    ['unix:///tmp/a', { path: '/tmp/a' }],
    ['tcp://localhost:4000', { host: 'localhost', port: 4000 }],
    ['tcp://[::1]:4000', { host: '::1', port: 4000 }],
    ['/dev/ttyACM0', undefined],
    ['COM3', undefined],
  ])('%s is %j', (name, address) => {
    expect(socketAddress(name)).toEqual(address);
  });

  test.each(['unix:', 'tcp://localhost', 'tcp://:4', 'tcp://h:0', 'tcp://h:70000', 'tcp:h:1'])(
    '%s is refused',
    (name) => {
      expect(() => socketAddress(name)).toThrow(
        expect.objectContaining({
          code: 'WIRE_PORT_NAME',
          message: `${name}: no such kind of port; write unix:/path/to/socket or tcp://host:port`,
        }),
      );
    },
  );
});

describe.each(['unix', 'tcp'])('a %s socket', (kind) => {
  let dir: string;
  let server: Server;
  let address: SocketAddress;
  let peer: Promise<Socket>;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
    server = createServer();
    peer = once(server, 'connection').then(([socket]) => socket as Socket);
    if (kind === 'unix') server.listen(join(dir, 's'));
    else server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address =
      kind === 'unix' ? { path: join(dir, 's') } : { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  });
  afterEach(async () => {
    (await peer.catch(() => undefined))?.destroy();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('carries bytes both ways, those that came before anybody listened too', async () => {
    const port = await openSocketPort('the line', address);
    const other = await peer;
    const got: number[] = [];
    const arrived = new Promise<void>((resolve) => {
      other.write(Uint8Array.of(1, 2));
      port.onData((bytes) => {
        got.push(...bytes);
        if (got.length === 2) resolve();
      });
    });
    await arrived;
    port.write(Uint8Array.of(0, 255));
    expect([...((await once(other, 'data'))[0] as Buffer)]).toEqual([0, 255]);
    expect(got).toEqual([1, 2]);
    await port.close();
  });

  test('says when the other end has closed it, and nothing when we did', async () => {
    const first = await openSocketPort('the line', address);
    const ended = new Promise<Error | undefined>((resolve) => first.onClose(resolve));
    (await peer).destroy();
    expect((await ended)?.message).toBe('the other end closed the connection');
    const second = await openSocketPort('the line', address);
    const closed = new Promise<Error | undefined>((resolve) => second.onClose(resolve));
    await second.close();
    expect(await closed).toBeUndefined();
    second.write(Uint8Array.of(1));
  });

  test('that nobody listens on is an error that says so', async () => {
    (await openSocketPort('the line', address)).close();
    const gone = once(server, 'close');
    server.close();
    (await peer).destroy();
    await gone;
    await expect(openSocketPort('the line', address)).rejects.toMatchObject({
      code: 'WIRE_PORT_FAILED',
      message: expect.stringMatching(
        /^the line cannot be opened: connect (ECONNREFUSED|ENOENT).*\nIs something listening there\?$/,
      ),
    });
  });
});
