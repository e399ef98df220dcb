// `barewire serve`: lends the board at a port of this machine to others.

import { BarewireError } from '../diag/error.js';
import { type Lender, lendPort } from '../wire/ports/lend.js';
import { portOpener } from '../wire/ports/open.js';

export type { Lender } from '../wire/ports/lend.js';

export interface ServeOptions {
  /** As `--port` takes it. */
  readonly port: string;
  /** `host:port`, `[::1]:port` or a port alone. */
  readonly listen: string;
  readonly token?: string | undefined;
  readonly baud: number;
  readonly say: (text: string) => void;
}

/** The TCP port that is listened on unless told otherwise. */
export const DEFAULT_LISTEN = '127.0.0.1:7171';

/** `127.0.0.1:7171` as its parts; a port alone is on loopback.
 *  @throws WIRE_LISTEN */
export function listenAddress(text: string): { host: string; tcpPort: number } {
  const [, six, four, digits] = /^(?:\[([^\]]+)\]:|([^:[\]]+):)?(\d{1,5})$/.exec(text) ?? [];
  const tcpPort = Number(digits);
  if (digits === undefined || tcpPort > 65_535) {
    throw new BarewireError('WIRE_LISTEN', `--listen ${text}: write HOST:PORT, [ADDRESS]:PORT or PORT`, { text });
  }
  return { host: six ?? four ?? '127.0.0.1', tcpPort };
}

/** Opens the port and begins to lend it.
 *  @throws WIRE_TOKEN_REQUIRED, WIRE_LISTEN, WIRE_PORT_… */
export async function serve({ port, listen, token, baud, say }: ServeOptions): Promise<Lender> {
  const { host, tcpPort } = listenAddress(listen);
  const opener = await portOpener(port, baud);
  const opened = await opener.open();
  try {
    return await lendPort({ port: opened, host, tcpPort, token, say });
  } catch (error) {
    await opened.close();
    throw error;
  }
}
