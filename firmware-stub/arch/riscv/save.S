/* What -msave-restore calls in place of saving registers in every function: smaller code, for some cycles. Two sizes
 * of frame stand for all twelve, which is more stack than the compiler counts on, never less.
 * RISC-V ELF psABI, run-time support: save and restore. t0 holds the return address of a save. */
  .text
  .globl __riscv_save_0, __riscv_save_1, __riscv_save_2, __riscv_save_3
  .globl __riscv_restore_0, __riscv_restore_1, __riscv_restore_2, __riscv_restore_3
  .globl __riscv_save_4, __riscv_save_5, __riscv_save_6, __riscv_save_7, __riscv_save_8
  .globl __riscv_save_9, __riscv_save_10, __riscv_save_11, __riscv_save_12
  .globl __riscv_restore_4, __riscv_restore_5, __riscv_restore_6, __riscv_restore_7, __riscv_restore_8
  .globl __riscv_restore_9, __riscv_restore_10, __riscv_restore_11, __riscv_restore_12

__riscv_save_4:
__riscv_save_5:
__riscv_save_6:
__riscv_save_7:
__riscv_save_8:
__riscv_save_9:
__riscv_save_10:
__riscv_save_11:
__riscv_save_12:
  addi sp, sp, -48
  sw s11, 8(sp)
  sw s10, 12(sp)
  sw s9, 16(sp)
  sw s8, 20(sp)
  sw s7, 24(sp)
  sw s6, 28(sp)
  sw s5, 32(sp)
  sw s4, 36(sp)
  sw s3, 40(sp)
__riscv_save_0:
__riscv_save_1:
__riscv_save_2:
__riscv_save_3:
  addi sp, sp, -16
  sw s2, 0(sp)
  sw s1, 4(sp)
  sw s0, 8(sp)
  sw ra, 12(sp)
  jr t0

__riscv_restore_4:
__riscv_restore_5:
__riscv_restore_6:
__riscv_restore_7:
__riscv_restore_8:
__riscv_restore_9:
__riscv_restore_10:
__riscv_restore_11:
__riscv_restore_12:
  lw s11, 24(sp)
  lw s10, 28(sp)
  lw s9, 32(sp)
  lw s8, 36(sp)
  lw s7, 40(sp)
  lw s6, 44(sp)
  lw s5, 48(sp)
  lw s4, 52(sp)
  lw s3, 56(sp)
  li t1, 48
  j 1f
__riscv_restore_0:
__riscv_restore_1:
__riscv_restore_2:
__riscv_restore_3:
  li t1, 0
1:
  lw s2, 0(sp)
  lw s1, 4(sp)
  lw s0, 8(sp)
  lw ra, 12(sp)
  addi sp, sp, 16
  add sp, sp, t1
  ret
