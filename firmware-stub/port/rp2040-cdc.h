/* The RP2040's USB as the stub's line: a device with one serial port (CDC-ACM) and nothing else.
 *
 *   host ─ endpoint 2 OUT ─▶ receive interrupt ─▶ stub_receive
 *   stub_port_write ─▶ packet ─ endpoint 2 IN ─▶ host      a packet goes out at the end of a frame, or when it is full
 *
 * Nothing is sent while no program has the port open (DTR), and the stub does not begin before one has: its first word is
 * for somebody. All of it is in a section of its own, .driver: it is not counted as the stub's.
 * Source: RP2040 data sheet, 4.1 USB; USB 2.0 specification, 9 device framework; USB CDC 1.2 and its PSTN subclass 1.2. */
#ifndef STUB_RP2040_CDC_H
#define STUB_RP2040_CDC_H

#include "cortexm.h"
#include "stub.h"

#define LINE_IRQ 5u
#define LINE_RESETS (1u << 13 | 1u << 24) /* PLL_USB, USBCTRL */

#define DRIVER __attribute__((noinline, section(".driver")))
#define DRIVER_DATA __attribute__((section(".driver.rodata")))

#define USB_PLL(register) REG(0x4002C000u + (register))
#define CLK_USB_CTRL REG(0x40008054u)

/* Memory that the controller shares: setup packet, endpoints, their buffers. */
#define DPRAM 0x50100000u
#define EP1_IN_CONTROL REG(DPRAM + 0x08u)
#define EP2_IN_CONTROL REG(DPRAM + 0x10u)
#define EP2_OUT_CONTROL REG(DPRAM + 0x14u)
#define EP0_IN (DPRAM + 0x80u)
#define EP0_OUT (DPRAM + 0x84u)
#define EP2_IN (DPRAM + 0x90u)
#define EP2_OUT (DPRAM + 0x94u)
#define BUFFER(offset) ((volatile uint8_t *)(uintptr_t)(DPRAM + (offset)))
#define EP0_BUFFER 0x100u
#define IN_BUFFER 0x180u
#define OUT_BUFFER 0x1C0u
#define NO_BUFFER 0x200u

#define EP_ENABLE (1u << 31)
#define EP_INTERRUPT (1u << 29)
#define EP_BULK (2u << 26)
#define EP_INTERRUPT_TYPE (3u << 26)
#define FULL (1u << 15)
#define DATA1 (1u << 13)
#define STALL (1u << 11)
#define AVAILABLE (1u << 10)
#define LENGTH 0x3FFu
#define PACKET 64u
#define SENT_PACKET 63u /* a full one would have the host wait for more */

#define USB(register) REG(0x50110000u + (register))
#define ADDR_ENDP USB(0x00u)
#define MAIN_CTRL USB(0x40u)
#define SIE_CTRL USB(0x4Cu)
#define SIE_STATUS USB(0x50u)
#define BUFF_STATUS USB(0x58u)
#define EP_STALL_ARM USB(0x68u)
#define USB_MUXING USB(0x74u)
#define USB_PWR USB(0x78u)
#define INTE USB(0x90u)
#define INTS USB(0x98u)
#define INT_SETUP (1u << 16)
#define INT_BUS_RESET (1u << 12)
#define INT_BUFFER (1u << 4)
#define SIE_BUS_RESET (1u << 19)
#define SIE_SETUP (1u << 17)

enum { SET_ADDRESS = 5, GET_DESCRIPTOR = 6, SET_CONFIGURATION = 9, SET_LINE_CODING = 0x20, GET_LINE_CODING, SET_LINE_STATE };

DRIVER_DATA static const uint8_t DEVICE[18] = {
    18, 1, 0x10, 0x01, /* USB 1.1 */
    2, 0, 0, PACKET,   /* communications */
    0x8A, 0x2E, 0x0A, 0x00, 0x00, 0x01, 0, 0, 0, 1, /* 2e8a:000a, a serial port of a Raspberry Pi Pico; no texts */
};

DRIVER_DATA static const uint8_t CONFIGURATION[67] = {
    9, 2, 67, 0, 2, 1, 0, 0x80, 50, /* two interfaces, powered by the bus, 100 mA */
    9, 4, 0, 0, 1, 2, 2, 0, 0,      /* communications, abstract control model */
    5, 0x24, 0, 0x20, 0x01,         /* header: CDC 1.2 */
    5, 0x24, 1, 0, 1,               /* call management: none */
    4, 0x24, 2, 2,                  /* line coding and line state */
    5, 0x24, 6, 0, 1,               /* union */
    7, 5, 0x81, 3, 8, 0, 255,       /* notifications: there never is one */
    9, 4, 1, 0, 2, 10, 0, 0, 0,     /* data */
    7, 5, 0x02, 2, PACKET, 0, 0,    /* OUT */
    7, 5, 0x82, 2, PACKET, 0, 0,    /* IN */
};

DRIVER_DATA static const uint8_t LINE_CODING[7] = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8}; /* 115,200 8N1, whatever is set */

static struct {
  const uint8_t *reply; /* rest of what answers a control request */
  uint32_t reply_left;
  uint32_t reply_pid;
  uint32_t in_pid, out_pid;
  uint32_t in_count; /* bytes in the packet that is being put together */
  uint8_t address;   /* to take once the request is answered */
  uint8_t coding;    /* a line coding is on its way, and will be passed over */
  volatile uint8_t open;
} usb;

/* Gives a buffer to the controller, whose clock is slower: it must not see AVAILABLE before the rest. 4.1.2.5.1 */
DRIVER static void give(uint32_t buffer, uint32_t control) {
  REG(buffer) = control;
  __asm__ volatile("b 1f\n1: b 1f\n1: b 1f\n1: b 1f\n1: b 1f\n1: b 1f\n1:" ::: "memory");
  REG(buffer) = control | AVAILABLE;
}

/* The next packet of a reply, or the empty one that ends a request. */
DRIVER static void send_reply_packet(void) {
  uint32_t count = usb.reply_left < PACKET ? usb.reply_left : PACKET;
  usb.reply_left -= count;
  for (uint32_t i = 0; i < count; i++) {
    BUFFER(EP0_BUFFER)[i] = *usb.reply++;
  }
  give(EP0_IN, FULL | usb.reply_pid | count);
  usb.reply_pid ^= DATA1;
}

DRIVER static void start_endpoints(void) {
  EP1_IN_CONTROL = EP_ENABLE | EP_INTERRUPT_TYPE | NO_BUFFER;
  EP2_IN_CONTROL = EP_ENABLE | EP_BULK | IN_BUFFER;
  EP2_OUT_CONTROL = EP_ENABLE | EP_INTERRUPT | EP_BULK | OUT_BUFFER;
  REG(EP2_IN) = 0;
  usb.in_pid = usb.out_pid = usb.in_count = 0;
  give(EP2_OUT, PACKET);
}

DRIVER static void on_setup(void) {
  const uint32_t request = REG(DPRAM);
  const uint32_t value = request >> 16;
  const uint32_t wanted = REG(DPRAM + 4u) >> 16;
  uint32_t length = 0;
  usb.reply_pid = DATA1;
  usb.coding = 0;
  switch (request >> 8 & 0xFFu) {
    case SET_ADDRESS:
      usb.address = (uint8_t)value;
      break;
    case SET_CONFIGURATION:
      start_endpoints();
      break;
    case SET_LINE_STATE:
      usb.open = value & 1u;
      break;
    case SET_LINE_CODING:
      usb.coding = 1;
      give(EP0_OUT, DATA1 | PACKET);
      return;
    case GET_LINE_CODING:
      usb.reply = LINE_CODING;
      length = sizeof LINE_CODING;
      break;
    case GET_DESCRIPTOR:
      if (value == 0x0100u) {
        usb.reply = DEVICE;
        length = sizeof DEVICE;
      } else if (value == 0x0200u) {
        usb.reply = CONFIGURATION;
        length = sizeof CONFIGURATION;
      }
      break;
    default:
      break;
  }
  if (request & 0x80u) {
    if (length == 0) {
      EP_STALL_ARM = 1;
      REG(EP0_IN) = STALL;
      return;
    }
    give(EP0_OUT, DATA1); /* the host's empty packet at the end */
  }
  usb.reply_left = length < wanted ? length : wanted;
  send_reply_packet();
}

DRIVER static void on_data(void) {
  const uint32_t count = REG(EP2_OUT) & LENGTH;
  for (uint32_t i = 0; i < count; i++) {
    stub_receive(BUFFER(OUT_BUFFER)[i]);
  }
  usb.out_pid ^= DATA1;
  give(EP2_OUT, usb.out_pid | PACKET);
}

DRIVER void stub_port_receive(void) {
  const uint32_t why = INTS;
  if (why & INT_BUS_RESET) {
    usb.open = usb.address = 0;
    ADDR_ENDP = 0;
    SIE_STATUS = SIE_BUS_RESET;
  }
  if (why & INT_BUFFER) {
    const uint32_t done = BUFF_STATUS;
    BUFF_STATUS = done;
    if (done & 1u << 0) { /* EP0 IN */
      if (usb.address != 0) {
        ADDR_ENDP = usb.address;
        usb.address = 0;
      }
      if (usb.reply_left != 0) {
        send_reply_packet();
      }
    }
    if ((done & 1u << 1) && usb.coding) { /* EP0 OUT */
      usb.coding = 0;
      send_reply_packet();
    }
    if (done & 1u << 5) { /* EP2 OUT */
      on_data();
    }
  }
  if (why & INT_SETUP) {
    SIE_STATUS = SIE_SETUP;
    on_setup();
  }
}

DRIVER void stub_port_write(uint8_t byte) {
  if (usb.in_count == 0) {
    while ((REG(EP2_IN) & AVAILABLE) && usb.open) {
    }
  }
  if (!usb.open) {
    usb.in_count = 0;
    return;
  }
  BUFFER(IN_BUFFER)[usb.in_count++] = byte;
  if (byte == 0 || usb.in_count == SENT_PACKET) {
    give(EP2_IN, FULL | usb.in_pid | usb.in_count);
    usb.in_pid ^= DATA1;
    usb.in_count = 0;
  }
}

DRIVER static void line_init(void) {
  USB_PLL(0x00u) = 1;
  USB_PLL(0x08u) = 100; /* 12 MHz * 100 / 5 / 5 */
  USB_PLL(0x04u) = 1u << 3;
  while (!(USB_PLL(0x00u) >> 31)) {
  }
  USB_PLL(0x0Cu) = 5u << 16 | 5u << 12;
  USB_PLL(0x04u) = 0;
  CLK_USB_CTRL = 1u << 11; /* from that PLL */
  for (uint32_t offset = 0; offset < EP0_BUFFER; offset += 4u) {
    REG(DPRAM + offset) = 0;
  }
  usb.open = usb.address = 0;
  usb.reply_left = 0;
  USB_MUXING = 1u << 3 | 1u << 0; /* the controller drives the pins */
  USB_PWR = 1u << 3 | 1u << 2;    /* there is power: the board runs on it */
  MAIN_CTRL = 1;
  INTE = INT_SETUP | INT_BUS_RESET | INT_BUFFER;
  SIE_CTRL = 1u << 29 | 1u << 16; /* endpoint 0 tells of each packet; pull-up: here is a device */
  stub_enable_receive(LINE_IRQ);
  while (!usb.open) {
  }
}

#endif
