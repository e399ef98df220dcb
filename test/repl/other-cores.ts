// Which boards the other files of this folder play the transcripts on, and how much of them.

/** Boards that stand for a class of cores: everything. */
export const classes: ReadonlySet<string> = new Set(['qemu-netduinoplus2', 'qemu-mps2-an505', 'qemu-virt-rv32']);

/** Boards whose class another one stands for: what the core itself may change. All of it passes there too; it is left
 *  out to keep the time that all checks take short. */
export const cousins: ReadonlySet<string> = new Set(['qemu-mps2-an386', 'qemu-mps2-an500', 'qemu-sifive-e']);
export const COUSINS_PLAY = ['values.txt', 'floating-point.txt', 'redefinition.txt'];

/** Another library and another compiler: transcripts-wasm.test.ts says what is played there. */
const wasm = 'wasm';

export const elsewhere: ReadonlySet<string> = new Set([...classes, ...cousins, wasm]);
