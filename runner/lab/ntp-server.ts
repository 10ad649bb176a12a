import { encodeTimestamp } from "../net/ntp/message.js";
import { listenUdp, type UdpListener } from "../net/udp/listen.js";

export interface NtpServerSettings {
  readonly port?: number;
  readonly leap?: 0 | 1 | 2 | 3;
  readonly stratum?: number;
  /** Four characters, or the bytes of an address. */
  readonly referenceId?: string | readonly number[];
  /** How far its clock is ahead. */
  readonly aheadMs?: number;
}

/** Answers NTP requests with the time of this machine. */
export function startNtpServer({ port = 0, ...settings }: NtpServerSettings = {}): Promise<UdpListener> {
  return listenUdp(
    (request, send) => {
      if (request.length >= 48) send(replyTo(request, settings));
    },
    { port },
  );
}

/** The header of a reply (RFC 5905, section 7.3). */
export function replyTo(request: Buffer, { leap = 0, stratum = 2, referenceId = [192, 0, 2, 1], aheadMs = 0 }: NtpServerSettings): Buffer {
  const now = Date.now() + aheadMs;
  const reply = Buffer.alloc(48);
  reply[0] = (leap << 6) | ((request[0] as number) & 0x38) | 4;
  reply[1] = stratum;
  reply[2] = 6;
  reply.writeInt8(-20, 3);
  reply.writeInt32BE(0x0100, 4);
  reply.writeUInt32BE(0x0200, 8);
  Buffer.from(referenceId as never, "latin1").copy(reply, 12, 0, 4);
  encodeTimestamp(now - 10_000).copy(reply, 16);
  request.copy(reply, 24, 40, 48);
  encodeTimestamp(now).copy(reply, 32);
  encodeTimestamp(now).copy(reply, 40);
  return reply;
}
