// Numbers of the ELF format that more than one file needs, spelled as the specification spells them.
// Source: System V ABI, chapters 4 and 5; ELF for the Arm Architecture (aaelf32).

export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHT_INIT_ARRAY = 14;
export const SHT_FINI_ARRAY = 15;
export const SHT_PREINIT_ARRAY = 16;
export const SHT_GROUP = 17;
export const SHT_SYMTAB_SHNDX = 18;
export const SHT_ARM_EXIDX = 0x7000_0001;

export const SHF_WRITE = 0x1;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;
export const SHF_MERGE = 0x10;
export const SHF_STRINGS = 0x20;
export const SHF_TLS = 0x400;
export const SHF_COMPRESSED = 0x800;

export const GRP_COMDAT = 1;

export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_ABS = 0xfff1;
export const SHN_COMMON = 0xfff2;
export const SHN_XINDEX = 0xffff;

export const EM_ARM = 40;
export const EM_RISCV = 243;
/** WebAssembly in an ELF file, as LLVM numbers machines; host/wasm makes such files. */
export const EM_WEBASSEMBLY = 0x4157;
