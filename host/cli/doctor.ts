// `barewire doctor`: what this machine has for barewire, what it lacks, and the one command that mends it.
// Here the facts are gathered; doctor-report.ts judges them.

import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { BOARDS } from '../../boards/index.js';
import { moduleOfImage } from '../../boards/sim/wasm/image.js';
import { environment } from '../diag/environment.js';
import { packageRoot } from '../diag/package-root.js';
import { findYowasp } from '../toolchain/find-yowasp.js';
import { findToolchain, packageManagerFor } from '../toolchain/toolchain.js';
import { listSerialPorts } from '../wire/ports/serial.js';
import { type DoctorFacts, type DoctorReport, judge, loadedBytes } from './doctor-report.js';

/** Looks at this machine and judges it. */
export async function doctor(): Promise<DoctorReport> {
  return judge(await gatherFacts());
}

async function gatherFacts(): Promise<DoctorFacts> {
  const { cacheDir, stateDir } = environment();
  return {
    nodeVersion: process.versions.node,
    packageManager: packageManagerFor(process.platform),
    boards: BOARDS.map((board) => ({
      board,
      toolchain: findToolchain(board),
      imageBytes: imageBytes(board, join(packageRoot(), 'firmware-stub', 'build', `${board.image}.elf`)),
    })),
    npmClang: findYowasp()?.version,
    ports: await ports(),
    folders: [
      { name: 'cache', path: cacheDir, problem: writeProblem(cacheDir) },
      { name: 'state', path: stateDir, problem: writeProblem(stateDir) },
    ],
  };
}

async function ports(): Promise<DoctorFacts['ports']> {
  try {
    const found = await listSerialPorts();
    return found.map(({ path, manufacturer }) => (manufacturer === undefined ? path : `${path} (${manufacturer})`));
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

// The folder is made, as the first session would make it.
function writeProblem(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function imageBytes({ arch }: BoardRecord, file: string): number | undefined {
  try {
    const elf = readFileSync(file);
    return arch === 'wasm32' ? moduleOfImage(elf, file).length : loadedBytes(elf);
  } catch {
    return undefined;
  }
}
