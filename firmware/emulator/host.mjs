// The host's side of the emulated USB port.

import { USBCDC } from 'rp2040js';

/** Nanoseconds between an answer and what is asked next: USB 2.0, 9.2.6.3, has 2 ms after an address. */
const RECOVERY = 2e6;

/**
 * rp2040js's host with three differences. A read that the device offers before its configuration is
 * known is kept: usb-device offers it at the reset, once. And an offered read waits until there is
 * something to send, as on a real bus, instead of being answered with nothing. And it asks the next
 * thing some time after an answer, as every host does: a device that polls has to see one before the other.
 */
export class Host extends USBCDC {
  constructor(usb) {
    super(usb);
    this.offered = new Map();
    this.queue = [];
    const setUp = usb.sendSetupPacket.bind(usb);
    let packet = null;
    const alarm = usb.rp2040.clock.createAlarm(() => setUp(packet));
    usb.sendSetupPacket = (next) => {
      packet = next;
      alarm.schedule(RECOVERY);
    };
    usb.onEndpointRead = (endpoint, size) => {
      // Endpoint 0 reads the end of a control transfer, for which nobody waits here.
      if (endpoint === 0) return;
      this.offered.set(endpoint, size);
      this.serve();
    };
  }

  /** Sends bytes as soon as the device takes them. */
  send(bytes) {
    this.queue.push(...bytes);
    this.serve();
  }

  serve() {
    const size = this.offered.get(this.outEndpoint);
    if (size === undefined || this.queue.length === 0 || !this.initialized) return;
    this.offered.delete(this.outEndpoint);
    this.usb.endpointReadDone(this.outEndpoint, Uint8Array.from(this.queue.splice(0, size)));
  }
}
