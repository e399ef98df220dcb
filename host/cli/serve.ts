// `barewire serve`: says where the board can be had, then who has it, until Ctrl-C or the end of the port.

import { isIPv6 } from 'node:net';
import { serve } from '../session/serve.js';
import { EXIT } from './exit-codes.js';

export interface ServeCommand {
  readonly port: string;
  readonly listen: string;
  readonly token?: string;
  readonly baud: number;
}

/** @returns the exit code */
export async function runServe(options: ServeCommand, print: (text: string) => void): Promise<number> {
  const lender = await serve({ ...options, say: (text) => print(`${new Date().toISOString()}  ${text}`) });
  const host = isIPv6(lender.host) ? `[${lender.host}]` : lender.host;
  const token = options.token === undefined ? '' : 'TOKEN@';
  print(`${options.port} is at tcp://${token}${host}:${lender.tcpPort}; Ctrl-C ends it`);
  const stop = (): void => void lender.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const cause = await lender.ended;
  if (cause === undefined) return EXIT.ok;
  print(`${options.port} has ended: ${cause.message}`);
  return EXIT.link;
}
