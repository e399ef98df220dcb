// rp2040js's Cortex-M0+ raises no HardFault: it reads ones where nothing is, steps over what it does not know and
// forgets the Thumb bit. This core is that one with the faults of the chip put in: bus errors, unaligned accesses,
// undefined instructions, BKPT, SVC that nobody may take, code that is no Thumb code, the MPU, and lockup.
//
//   access ─▶ SRAM or flash, aligned, allowed?  ─yes─▶ done (as quick as before)
//                          │ no
//                          ▼ rights of the MPU, map of the chip ─▶ rp2040js, or throw FAULT ─▶ takeFault
//
// FAULT is thrown out of the instruction, before it has changed a register, and caught around the burst that runs the
// core, so that nothing is paid for it in between.
// Specification: Armv6-M Architecture Reference Manual, B1.5; Cortex-M0+ Devices Generic User Guide, 2.4 fault handling.

import type { RP2040 } from 'rp2040js';
import { ALL, EXECUTE, isMpuRegister, Mpu, READ, WRITE } from './armv6m-mpu.js';
import { isDefined, isWide } from './armv6m-opcodes.js';
import { rangeAt, stripedAddr } from './rp2040-map.js';

type PlainCore = RP2040['core'];

const SRAM_ADDR = 0x2000_0000;
const SRAM_BYTES = 264 * 1024;
const FLASH_ADDR = 0x1000_0000;
/** The part of flash that is quick to read; images of the stub are smaller. */
const FLASH_BYTES = 64 * 1024;
const BANKED_SRAM = 0x21;
/** The MPU's smallest subregion lies within a block of this size. */
const BLOCK_SHIFT = 5;
const SYSTEM_CONTROL = 0xe000_e000;

const HANDLER = 1;
const NMI = 2;
const HARD_FAULT = 3;
const SVCALL = 11;
const PENDSV = 14;
const SYSTICK = 15;
const THUMB_BIT = 1 << 24;
const CONTROL_REGISTER = 20;
const FAULT_CYCLES = 16;

/** What code may do with each block of a memory. */
interface Rights {
  readonly sram: Uint8Array;
  readonly flash: Uint8Array;
}

const UNLIMITED: Rights = {
  sram: new Uint8Array(SRAM_BYTES >>> BLOCK_SHIFT).fill(ALL),
  flash: new Uint8Array(FLASH_BYTES >>> BLOCK_SHIFT).fill(ALL),
};

/** Thrown by an instruction that cannot be executed. */
export const FAULT = Symbol('fault');

/** What the simulator needs beyond a plain core. */
export interface FaultingCore extends PlainCore {
  /** It met a fault in its fault handler, and stands still until a reset. */
  readonly locked: boolean;
  /** Enters the handler of the fault that was thrown.
   *  @returns cycles it took */
  takeFault(): number;
}

/** Gives a chip a core that faults. */
export function installFaultingCore(chip: RP2040): FaultingCore {
  CoreClass ??= faultingCoreClass(chip.core.constructor as new (chip: RP2040) => PlainCore);
  const core = new CoreClass(chip);
  Object.assign(chip, { core });
  return core;
}

let CoreClass: (new (chip: RP2040) => FaultingCore) | undefined;

/** rp2040js does not export its core's class: it comes from a chip. */
function faultingCoreClass(Plain: new (chip: RP2040) => PlainCore): new (chip: RP2040) => FaultingCore {
  return class extends Plain implements FaultingCore {
    locked = false;
    private thumb = true;
    private readonly mpu = new Mpu();
    private readonly sram = this.rp2040.sramView;
    private readonly flash = this.rp2040.flashView;
    /** Rights of the running code. */
    private sramRights = UNLIMITED.sram;
    private flashRights = UNLIMITED.flash;
    /** Those of privileged code and of other code, while the MPU is on. */
    private rights: readonly Rights[] | undefined;
    /** Address of the instruction that faulted, and what it wanted to access. */
    private faultPc = 0;
    private faultAddr = 0;

    constructor(chip: RP2040) {
      super(chip);
      const { warn } = chip.logger;
      chip.logger = {
        ...chip.logger,
        warn: (component, text) => {
          if (component === 'CortexM0Core') this.refuseUndefined();
          warn(component, text);
        },
      };
      chip.onBreak = () => this.raise(this.PC - 2);
      this.blTaken = (_, throughRegister) => {
        if (throughRegister) this.checkTarget();
      };
    }

    // Memory ------------------------------------------------------------------------------------------------

    override readUint32(address: number): number {
      const offset = (address - SRAM_ADDR) >>> 0;
      if (offset < SRAM_BYTES && (offset & 3) === 0 && (this.sramRights[offset >>> BLOCK_SHIFT]! & READ) !== 0) {
        return this.sram.getUint32(offset, true);
      }
      const inFlash = (address - FLASH_ADDR) >>> 0;
      if (inFlash < FLASH_BYTES && (inFlash & 3) === 0 && (this.flashRights[inFlash >>> BLOCK_SHIFT]! & READ) !== 0) {
        return this.flash.getUint32(inFlash, true);
      }
      const addr = this.checked(address, 4, READ);
      return isMpuRegister(addr - SYSTEM_CONTROL) ? this.mpu.read(addr - SYSTEM_CONTROL) : super.readUint32(addr);
    }

    /** Fetches instructions, too. */
    override readUint16(address: number): number {
      const offset = (address - SRAM_ADDR) >>> 0;
      if (
        offset < SRAM_BYTES &&
        (offset & 1) === 0 &&
        (this.sramRights[offset >>> BLOCK_SHIFT]! & (READ | EXECUTE)) === (READ | EXECUTE)
      ) {
        return this.sram.getUint16(offset, true);
      }
      const inFlash = (address - FLASH_ADDR) >>> 0;
      if (
        inFlash < FLASH_BYTES &&
        (inFlash & 1) === 0 &&
        (this.flashRights[inFlash >>> BLOCK_SHIFT]! & (READ | EXECUTE)) === (READ | EXECUTE)
      ) {
        return this.flash.getUint16(inFlash, true);
      }
      const pc = (this.PC & ~1) >>> 0;
      const isFetch = address >>> 0 === pc || (address >>> 0 === pc + 2 && isWide(super.readUint16(pc)));
      return super.readUint16(this.checked(address, 2, isFetch ? EXECUTE : READ));
    }

    override readUint8(address: number): number {
      const offset = (address - SRAM_ADDR) >>> 0;
      if (offset < SRAM_BYTES && (this.sramRights[offset >>> BLOCK_SHIFT]! & READ) !== 0) {
        return this.sram.getUint8(offset);
      }
      return super.readUint8(this.checked(address, 1, READ));
    }

    override writeUint32(address: number, value: number): void {
      const offset = (address - SRAM_ADDR) >>> 0;
      if (offset < SRAM_BYTES && (offset & 3) === 0 && (this.sramRights[offset >>> BLOCK_SHIFT]! & WRITE) !== 0) {
        this.sram.setUint32(offset, value, true);
        return;
      }
      const addr = this.checked(address, 4, WRITE);
      if (!this.writeMpu(addr, value) && this.takesWrite(addr)) super.writeUint32(addr, value);
    }

    override writeUint16(address: number, value: number): void {
      const offset = (address - SRAM_ADDR) >>> 0;
      if (offset < SRAM_BYTES && (offset & 1) === 0 && (this.sramRights[offset >>> BLOCK_SHIFT]! & WRITE) !== 0) {
        this.sram.setUint16(offset, value, true);
        return;
      }
      const addr = this.checked(address, 2, WRITE);
      if (this.takesWrite(addr)) super.writeUint16(addr, value);
    }

    override writeUint8(address: number, value: number): void {
      const offset = (address - SRAM_ADDR) >>> 0;
      if (offset < SRAM_BYTES && (this.sramRights[offset >>> BLOCK_SHIFT]! & WRITE) !== 0) {
        this.sram.setUint8(offset, value);
        return;
      }
      const addr = this.checked(address, 1, WRITE);
      if (this.takesWrite(addr)) super.writeUint8(addr, value);
    }

    /** The address that rp2040js knows for an access that the chip allows.
     *  @throws FAULT for others */
    private checked(address: number, sizeBytes: number, right: number): number {
      const addr = address >>> 0;
      const range = rangeAt(addr);
      const isAllowed =
        range !== undefined &&
        addr % sizeBytes === 0 &&
        !(right === EXECUTE && !range.code) &&
        !(right === WRITE && range.write === 'fault') &&
        this.mpuAllows(addr, right);
      if (!isAllowed) this.raise(right === EXECUTE ? this.PC : this.PC - 2, addr);
      return addr >>> 24 === BANKED_SRAM ? stripedAddr(addr) : addr;
    }

    private takesWrite(addr: number): boolean {
      return rangeAt(addr)?.write === 'taken';
    }

    // The MPU -----------------------------------------------------------------------------------------------

    private mpuAllows(addr: number, right: number): boolean {
      // The system control space is out of its reach.
      if (addr >>> 20 === 0xe00) return this.isPrivileged;
      if (!this.mpu.isOn(this.isNegativePriority)) return true;
      return (this.mpu.rightsAt(addr, this.isPrivileged) & right) !== 0;
    }

    private get isPrivileged(): boolean {
      return !this.nPRIV || this.currentMode === HANDLER;
    }

    private get isNegativePriority(): boolean {
      return this.IPSR === NMI || this.IPSR === HARD_FAULT;
    }

    private writeMpu(addr: number, value: number): boolean {
      const offset = addr - SYSTEM_CONTROL;
      if (!isMpuRegister(offset)) return false;
      if (this.mpu.write(offset, value)) this.rights = undefined;
      this.selectRights();
      return true;
    }

    /** To be called when mode, priority or privilege may have changed. */
    private selectRights(): void {
      let rights = UNLIMITED;
      if (this.mpu.isOn(this.isNegativePriority)) {
        this.rights ??= [true, false].map((privileged) => ({
          sram: this.mpu.rightsOfBlocks(SRAM_ADDR, SRAM_BYTES, 1 << BLOCK_SHIFT, privileged),
          flash: this.mpu.rightsOfBlocks(FLASH_ADDR, FLASH_BYTES, 1 << BLOCK_SHIFT, privileged),
        }));
        rights = this.rights[this.isPrivileged ? 0 : 1]!;
      }
      this.sramRights = rights.sram;
      this.flashRights = rights.flash;
    }

    // Instructions ------------------------------------------------------------------------------------------

    /** Ends the instruction. */
    private raise(pc: number, addr = 0): never {
      this.faultPc = (pc & ~1) >>> 0;
      this.faultAddr = addr;
      throw FAULT;
    }

    /** rp2040js warns of what it does not know, which may be a hint that means nothing. */
    private refuseUndefined(): void {
      const pc = ((this.PC - 2) & ~1) >>> 0;
      const first = this.rp2040.readUint16(pc);
      if (!isDefined(first, isWide(first) ? this.rp2040.readUint16(pc + 2) : 0)) this.raise(pc);
    }

    override BXWritePC(address: number): void {
      super.BXWritePC(address);
      const isReturn = address >>> 28 === 0xf && this.PC !== (address & ~1) >>> 0;
      if (!isReturn && (address & 1) === 0) this.leaveThumb();
    }

    /** Behind BLX: the register still holds where it jumped to. */
    private checkTarget(): void {
      const blx = this.rp2040.readUint16(((this.LR & ~1) - 2) >>> 0);
      if ((this.registers[(blx >>> 3) & 15]! & 1) === 0) this.leaveThumb();
    }

    /** The next instruction will fault, unless an interrupt comes first. */
    private leaveThumb(): void {
      this.thumb = false;
      this.interruptsUpdated = true;
    }

    // Exceptions --------------------------------------------------------------------------------------------

    override get xPSR(): number {
      return this.APSR | this.IPSR | (this.thumb ? THUMB_BIT : 0);
    }
    override set xPSR(value: number) {
      this.APSR = value;
      this.IPSR = value & 0x3f;
    }

    override checkForInterrupts(): boolean {
      if (this.locked) return false;
      if (super.checkForInterrupts()) return true;
      if (this.pendingSVCall) {
        this.pendingSVCall = false;
        this.raise(this.PC);
      }
      if (!this.thumb) this.raise(this.PC);
      return false;
    }

    override exceptionEntry(exception: number): void {
      const returnCode = this.returnCode();
      try {
        super.exceptionEntry(exception);
        this.thumb = (this.PC & 1) !== 0;
      } catch (cause) {
        if (cause !== FAULT) throw cause;
        // The frame could not be saved: that is a fault before the handler has begun.
        if (exception === PENDSV) this.pendingPendSV = true;
        if (exception === SVCALL) this.pendingSVCall = true;
        if (exception === SYSTICK) this.pendingSystick = true;
        this.enterHardFault(returnCode);
      }
      this.selectRights();
    }

    override exceptionReturn(returnCode: number): void {
      const fromProcess = (returnCode & 4) !== 0;
      const frame = fromProcess ? this.SPprocess : this.SPmain;
      try {
        const psr = this.readUint32(frame + 28);
        super.exceptionReturn(returnCode);
        this.thumb = true;
        if ((psr & THUMB_BIT) === 0) this.leaveThumb();
      } catch (cause) {
        if (cause !== FAULT) throw cause;
        if (this.isNegativePriority || !fromProcess) this.lockUp();
        else this.enterHardFault((0xf000_0000 | returnCode) >>> 0);
      }
      this.selectRights();
    }

    override writeSpecialRegister(register: number, value: number): 0 | undefined {
      const result = super.writeSpecialRegister(register, value);
      if (register === CONTROL_REGISTER) this.selectRights();
      return result;
    }

    takeFault(): number {
      if (this.isNegativePriority) this.lockUp();
      else {
        this.undoPop();
        this.PC = this.faultPc;
        this.exceptionEntry(HARD_FAULT);
      }
      return FAULT_CYCLES;
    }

    /** rp2040js moves SP before it reads the PC off the stack. */
    private undoPop(): void {
      if (this.SP !== this.faultAddr + 4 || rangeAt(this.faultPc) === undefined) return;
      const opcode = this.rp2040.readUint16(this.faultPc);
      if (opcode >>> 8 !== 0xbd) return;
      for (let bits = opcode & 0x1ff; bits !== 0; bits &= bits - 1) this.SP -= 4;
    }

    private returnCode(): number {
      if (this.currentMode === HANDLER) return 0xffff_fff1;
      return this.SPSEL ? 0xffff_fffd : 0xffff_fff9;
    }

    /** HardFault without a frame: what lies on the stack is unknown. */
    private enterHardFault(returnCode: number): void {
      this.LR = returnCode;
      this.currentMode = HANDLER;
      this.IPSR = HARD_FAULT;
      this.switchStack(0);
      this.PC = this.rp2040.readUint32(this.VTOR + 4 * HARD_FAULT);
      this.thumb = (this.PC & 1) !== 0;
    }

    private lockUp(): void {
      this.locked = true;
      this.waiting = true;
    }
  };
}
