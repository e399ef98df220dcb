/* The faults' handlers by the names that CMSIS start-up files give them. Link this file to let code typed at the prompt
 * fault without taking the firmware along; leave it out to keep handlers of your own, which may begin with a jump to
 * barewire_fault_handler. */
#include "barewire_port.h"

#define BAREWIRE_HANDLER __attribute__((naked)) void

BAREWIRE_HANDLER HardFault_Handler(void);
BAREWIRE_HANDLER HardFault_Handler(void) { __asm__ volatile("ldr r0, =barewire_fault_handler\n\tbx r0\n\t.ltorg"); }

#if !defined(__ARM_ARCH_6M__)
void MemManage_Handler(void) __attribute__((alias("HardFault_Handler")));
void BusFault_Handler(void) __attribute__((alias("HardFault_Handler")));
void UsageFault_Handler(void) __attribute__((alias("HardFault_Handler")));
#endif
