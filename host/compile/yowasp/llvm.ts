// LLVM as WebAssembly in this thread (@yowasp/clang). A call of it is synchronous, sees only the files that it is
// given and its own sysroot below /usr, and gives back the files as they are then.

import { loadQuickly } from './quick-load.js';

/** Files and folders by name, as LLVM sees them. */
export interface FileTree {
  [name: string]: FileTree | string | Uint8Array;
}

/** How a tool ended. */
export interface LlvmResult {
  readonly files: FileTree;
  /** What it wrote to standard output. */
  readonly output: Uint8Array;
  readonly stderr: string;
  /** Undefined when it crashed. */
  readonly code: number | undefined;
}

interface Bundle {
  runLLVM(
    args: readonly string[] | null,
    files?: FileTree,
    options?: {
      readonly stdout?: (bytes: Uint8Array | null) => void;
      readonly stderr?: (bytes: Uint8Array | null) => void;
      readonly decodeASCII?: boolean;
      readonly synchronously?: boolean;
      readonly fetchProgress?: () => void;
    },
  ): FileTree | Promise<FileTree> | undefined;
}

/** LLVM, loaded. */
export interface Llvm {
  /** Runs a tool: `clang -cc1 …`, `wasm-ld …`, `ar …`.
   *  @param hearWords gets all that it has said so far, each time it says something; may throw to end it
   *  @throws what that throws */
  run(args: readonly string[], files: FileTree, hearWords?: (words: string) => void): LlvmResult;
}

/** Loads LLVM from the package's module.
 *  @param url of the module, as `findYowasp` gives it */
export async function loadLlvm(url: string): Promise<Llvm> {
  const { runLLVM } = (await import(url)) as Bundle;
  await loadQuickly(() => runLLVM(null, {}, { fetchProgress: () => undefined }));
  return {
    run(args, files, hearWords) {
      const wrote: Uint8Array[] = [];
      const said: Uint8Array[] = [];
      const words = (): string => Buffer.concat(said).toString('utf8');
      const options = {
        stdout: (bytes: Uint8Array | null) => {
          if (bytes !== null) wrote.push(bytes.slice());
        },
        stderr: (bytes: Uint8Array | null) => {
          if (bytes === null) return;
          said.push(bytes.slice());
          hearWords?.(words());
        },
        decodeASCII: false,
        synchronously: true,
      };
      const end = (after: FileTree, code: number | undefined): LlvmResult => ({
        files: after,
        output: Buffer.concat(wrote),
        stderr: words(),
        code,
      });
      try {
        return end(runLLVM(args, files, options) as FileTree, 0);
      } catch (error) {
        if (isExit(error)) return end(error.files, error.code);
        // A trap: LLVM has crashed, and said why.
        if (error instanceof Error && error.constructor.name === 'RuntimeError') return end({}, undefined);
        throw error;
      }
    },
  };
}

function isExit(error: unknown): error is { code: number; files: FileTree } {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'number' && 'files' in error;
}
