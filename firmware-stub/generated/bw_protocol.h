/* Generated from protocol/messages.ts by `npm run generate`. Do not edit.
 *
 * frame   COBS( kind:u8  seq:u8  body...  crc32:u32le )  0x00
 * batch   body = op*     op = code:u8 fields...
 * reply   body = output:u16  status:u8  done:varint  result*  failure */
#ifndef BW_PROTOCOL_H
#define BW_PROTOCOL_H

/* CRC-32 of the message table; HELLO_REPLY carries it. */
#define BW_TABLE_HASH              0xFB98DD5Eu

/* Shortest decoded frame (kind, seq, CRC), and the longest any board may announce. */
#define BW_MIN_FRAME               6u
#define BW_LIMIT_MAX_FRAME         4096u

/* Output that may be unacknowledged. */
#define BW_LIMIT_MAX_OUTPUT        512u

/* Kinds of frames, with the fields of their bodies. */
#define BW_FRAME_HELLO             0x01u
#define BW_FRAME_BATCH             0x02u     /* ops body */
#define BW_FRAME_BATCH_CONT        0x03u     /* ops body */
#define BW_FRAME_BREAK             0x04u
#define BW_FRAME_PING              0x05u
#define BW_FRAME_RESET             0x06u
#define BW_FRAME_ACK               0x07u
#define BW_FRAME_AGAIN             0x08u
#define BW_FRAME_HELLO_REPLY       0x81u     /* tableHash:u32 output:u32 bootId:u8 cause:u8 buildId:blob arch:u8 arenaAddr:u32 arenaSize:u32 stackAddr:u32 stackSize:u32 maxFrame:u16 maxReply:u16 window:u8 */
#define BW_FRAME_BATCH_REPLY       0x82u     /* reply body */
#define BW_FRAME_NAK               0x83u     /* expected:u8 */
#define BW_FRAME_STATE             0x84u     /* output:u16 running:u8 lastSeq:u8 badCrc:varint badLength:varint dropped:varint */
#define BW_FRAME_OUTPUT            0x90u     /* offset:varint data:rest */

/* Operations: fields of the request -> fields of the result. */
#define BW_OP_WRITE                0x01u     /* addr:addr data:blob -> */
#define BW_OP_FILL                 0x02u     /* addr:addr len:varint value:u8 -> */
#define BW_OP_READ                 0x03u     /* addr:addr len:varint -> data:blob */
#define BW_OP_CRC                  0x04u     /* addr:addr len:varint -> crc:u32 */
#define BW_OP_CHECK                0x05u     /* addr:addr len:varint crc:u32 -> */
#define BW_OP_RUN                  0x06u     /* entry:addr -> value:u32 micros:varint */
#define BW_OP_FIND                 0x07u     /* addr:addr len:varint low:addr span:varint -> next:u32 words:blob */

/* How a batch ended, with the fields that follow the results. */
#define BW_STATUS_OK               0u
#define BW_STATUS_MISMATCH         1u        /* crc:u32 */
#define BW_STATUS_REFUSED          2u
#define BW_STATUS_MALFORMED        3u
#define BW_STATUS_TOO_BIG          4u
#define BW_STATUS_FAULT            5u        /* record:blob */
#define BW_STATUS_BROKEN           6u        /* record:blob */
#define BW_STATUS_EXITED           7u        /* value:u32 */
#define BW_STATUS_ABORTED          8u
#define BW_STATUS_REPEATED         9u
#define BW_STATUS_DAMAGED          10u
#define BW_STATUS_RESTARTED        11u       /* bootId:u8 */
#define BW_STATUS_STALLED          12u       /* record:blob */

/* Architectures. */
#define BW_ARCH_ARMV6_M            1u
#define BW_ARCH_ARMV7_M            2u
#define BW_ARCH_ARMV7E_M           3u
#define BW_ARCH_ARMV8_M            4u
#define BW_ARCH_RV32               5u
#define BW_ARCH_WASM32             6u

/* Words of a fault record of cortexm: their count, and the index of each. */
#define BW_FAULT_WORDS_CORTEXM     23u
#define BW_FAULT_EXCEPTION         0u
#define BW_FAULT_CFSR              1u
#define BW_FAULT_HFSR              2u
#define BW_FAULT_MMFAR             3u
#define BW_FAULT_BFAR              4u
#define BW_FAULT_SP                5u
#define BW_FAULT_RESTART           6u
#define BW_FAULT_R0                7u
#define BW_FAULT_R1                8u
#define BW_FAULT_R2                9u
#define BW_FAULT_R3                10u
#define BW_FAULT_R12               11u
#define BW_FAULT_LR                12u
#define BW_FAULT_PC                13u
#define BW_FAULT_XPSR              14u
#define BW_FAULT_R4                15u
#define BW_FAULT_R5                16u
#define BW_FAULT_R6                17u
#define BW_FAULT_R7                18u
#define BW_FAULT_R8                19u
#define BW_FAULT_R9                20u
#define BW_FAULT_R10               21u
#define BW_FAULT_R11               22u

/* Words of a fault record of rv32: their count, and the index of each. */
#define BW_FAULT_WORDS_RV32        36u
#define BW_FAULT_RV32_MCAUSE       0u
#define BW_FAULT_RV32_MEPC         1u
#define BW_FAULT_RV32_MTVAL        2u
#define BW_FAULT_RV32_RA           3u
#define BW_FAULT_RV32_SP           4u
#define BW_FAULT_RV32_GP           5u
#define BW_FAULT_RV32_TP           6u
#define BW_FAULT_RV32_T0           7u
#define BW_FAULT_RV32_T1           8u
#define BW_FAULT_RV32_T2           9u
#define BW_FAULT_RV32_S0           10u
#define BW_FAULT_RV32_S1           11u
#define BW_FAULT_RV32_A0           12u
#define BW_FAULT_RV32_A1           13u
#define BW_FAULT_RV32_A2           14u
#define BW_FAULT_RV32_A3           15u
#define BW_FAULT_RV32_A4           16u
#define BW_FAULT_RV32_A5           17u
#define BW_FAULT_RV32_A6           18u
#define BW_FAULT_RV32_A7           19u
#define BW_FAULT_RV32_S2           20u
#define BW_FAULT_RV32_S3           21u
#define BW_FAULT_RV32_S4           22u
#define BW_FAULT_RV32_S5           23u
#define BW_FAULT_RV32_S6           24u
#define BW_FAULT_RV32_S7           25u
#define BW_FAULT_RV32_S8           26u
#define BW_FAULT_RV32_S9           27u
#define BW_FAULT_RV32_S10          28u
#define BW_FAULT_RV32_S11          29u
#define BW_FAULT_RV32_T3           30u
#define BW_FAULT_RV32_T4           31u
#define BW_FAULT_RV32_T5           32u
#define BW_FAULT_RV32_T6           33u
#define BW_FAULT_RV32_MSTATUS      34u
#define BW_FAULT_RV32_RESTART      35u

/* Words of a fault record of wasm32: their count, and the index of each. */
#define BW_FAULT_WORDS_WASM32      22u
#define BW_FAULT_WASM32_TRAP       0u
#define BW_FAULT_WASM32_VALUE      1u
#define BW_FAULT_WASM32_SP         2u
#define BW_FAULT_WASM32_RESTART    3u
#define BW_FAULT_WASM32_CALLS      4u
#define BW_FAULT_WASM32_HANDLER    5u
#define BW_FAULT_WASM32_PC         6u
#define BW_FAULT_WASM32_PC1        7u
#define BW_FAULT_WASM32_PC2        8u
#define BW_FAULT_WASM32_PC3        9u
#define BW_FAULT_WASM32_PC4        10u
#define BW_FAULT_WASM32_PC5        11u
#define BW_FAULT_WASM32_PC6        12u
#define BW_FAULT_WASM32_PC7        13u
#define BW_FAULT_WASM32_PC8        14u
#define BW_FAULT_WASM32_PC9        15u
#define BW_FAULT_WASM32_PC10       16u
#define BW_FAULT_WASM32_PC11       17u
#define BW_FAULT_WASM32_PC12       18u
#define BW_FAULT_WASM32_PC13       19u
#define BW_FAULT_WASM32_PC14       20u
#define BW_FAULT_WASM32_PC15       21u

#endif
