// What the rest of barewire knows of an ELF file: plain data, indices already checked.

export type Machine = 'arm' | 'riscv' | 'wasm';
export type Binding = 'local' | 'global' | 'weak';
export type SymbolType = 'none' | 'object' | 'func' | 'section' | 'file' | 'tls' | 'ifunc';

/** One section. `relocations` are those that apply to it. */
export interface Section {
  readonly index: number;
  readonly name: string;
  /** SHT_… */
  readonly type: number;
  /** SHF_… bits */
  readonly flags: number;
  readonly addr: number;
  /** Bytes in memory; `bytes` is empty for SHT_NOBITS. */
  readonly sizeBytes: number;
  readonly align: number;
  readonly entrySize: number;
  readonly link: number;
  readonly info: number;
  readonly bytes: Uint8Array;
  readonly relocations: readonly Relocation[];
  /** Signature symbol's name when the section is a member of a COMDAT group. */
  readonly comdat: string | undefined;
}

/** One relocation. `addend` is absent in REL files: it stands in the section's bytes. */
export interface Relocation {
  /** Byte offset in the section it applies to. */
  readonly offset: number;
  /** R_… number of the file's machine. */
  readonly type: number;
  /** Index into `ObjectFile.symbols`. */
  readonly symbol: number;
  readonly addend: number | undefined;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** Offset in its section (object files) or address (executables); bit 0 set on Thumb functions. */
  readonly value: number;
  readonly sizeBytes: number;
  readonly binding: Binding;
  readonly type: SymbolType;
  readonly hidden: boolean;
  /** Section index, or where else the symbol is. */
  readonly section: number | 'undefined' | 'absolute' | 'common';
}

/** An ELF32 little-endian relocatable object or executable. */
export interface ObjectFile {
  /** For messages: `input 7`, `libgcc.a(_divsi3.o)`. */
  readonly name: string;
  readonly machine: Machine;
  readonly kind: 'relocatable' | 'executable';
  readonly flags: number;
  readonly entry: number;
  readonly sections: readonly Section[];
  readonly symbols: readonly ElfSymbol[];
}
