// A board's core as clang's driver takes it.

import type { BoardRecord } from './board.js';

/** Flags that decide the instruction set, the calling convention and the layout of types. */
export function machineFlags({ arch, triple, cpu, floatAbi }: BoardRecord): string[] {
  const target = `--target=${triple}`;
  if (arch === 'wasm32') return [target];
  if (arch === 'rv32') {
    // Relaxation is for linkers that shorten code; our own does not, and label differences are known without it.
    // A thread-local variable is an ordinary one: there is one thread.
    // Small variables have sections of their own, like all others: they are replaced one by one.
    const model = ['-mno-relax', '-ftls-model=local-exec', '-msmall-data-limit=0'];
    // libstdc++ has no archive for these cores: what it promises elsewhere is made from its headers.
    return [target, `-march=${cpu}`, '-mabi=ilp32', ...model, '-D_GLIBCXX_EXTERN_TEMPLATE=0'];
  }
  // Enumerations as small as their values: so has the Arm ABI's bare-metal variant, and with it GCC's libraries.
  return [target, `-mcpu=${cpu}`, `-mfloat-abi=${floatAbi}`, '-fshort-enums'];
}
