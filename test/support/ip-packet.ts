/** An IPv4 or IPv6 packet as a scripted network receives it. */
export interface IpPacket {
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly protocol: number;
  readonly dontFragment: boolean;
  /** What follows the IP header. */
  readonly payload: Buffer;
  /** The whole packet. */
  readonly bytes: Buffer;
}

const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
const ICMPV6 = 58;

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;
const DEFAULT_TTL = 64;

/** Null for what is not a whole packet. */
export function readIpPacket(bytes: Buffer): IpPacket | null {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4 && bytes.length >= IPV4_HEADER) {
    const length = ((bytes[0] as number) & 15) * 4;
    const [ttl, protocol] = [bytes[8] as number, bytes[9] as number];
    const dontFragment = ((bytes[6] as number) & 0x40) !== 0;
    const common = { ttl, protocol, dontFragment, payload: bytes.subarray(length), bytes };
    return { family: 4, source: bytes.subarray(12, 16).join("."), destination: bytes.subarray(16, 20).join("."), ...common };
  }
  if (version !== 6 || bytes.length < IPV6_HEADER) return null;
  const [protocol, ttl] = [bytes[6] as number, bytes[7] as number];
  const common = { ttl, protocol, dontFragment: true, payload: bytes.subarray(IPV6_HEADER), bytes };
  return { family: 6, source: ipv6Text(bytes.subarray(8, 24)), destination: ipv6Text(bytes.subarray(24, 40)), ...common };
}

export function isEchoRequest({ family, protocol, payload }: IpPacket): boolean {
  return family === 4 ? protocol === ICMP && payload[0] === 8 : protocol === ICMPV6 && payload[0] === 128;
}

/** The identifier and the sequence number of an echo request. */
export function echoOf({ payload }: IpPacket): { readonly id: number; readonly seq: number } {
  return { id: payload.readUInt16BE(4), seq: payload.readUInt16BE(6) };
}

/** `from` is who answers: the target by default. `changesPayload` answers with one byte that was not sent, under a right checksum. */
export function echoReply(request: IpPacket, { from = request.destination, ttl = DEFAULT_TTL, changesPayload = false } = {}): Buffer {
  const message = Buffer.from(request.payload);
  message[0] = ECHO_REPLY[request.family];
  if (changesPayload) message[message.length - 1] = (message.at(-1) as number) ^ 0xff;
  return request.family === 4 ? ipv4(ICMP, from, request.source, ttl, icmp(message)) : ipv6(ICMPV6, from, request.source, ttl, message, 2);
}

/** RFC 792: what a router, or the target, reports of a packet; it quotes the packet's header and its first eight bytes. */
export function icmpError({ source, bytes }: IpPacket, router: string, type: number, code: number, mtu = 0): Buffer {
  const message = Buffer.concat([Buffer.alloc(8), bytes.subarray(0, IPV4_HEADER + 8)]);
  message[0] = type;
  message[1] = code;
  message.writeUInt16BE(mtu, 6);
  return ipv4(ICMP, router, source, DEFAULT_TTL, icmp(message));
}

export const timeExceeded = (packet: IpPacket, router: string): Buffer => icmpError(packet, router, 11, 0);
export const portUnreachable = (packet: IpPacket, from = packet.destination): Buffer => icmpError(packet, from, 3, 3);

/** RFC 9293, section 3.10.7.1: a closed port answers a SYN with RST and ACK. */
export function tcpReset({ source, destination, payload }: IpPacket): Buffer {
  const segment = Buffer.alloc(20);
  payload.copy(segment, 0, 2, 4);
  payload.copy(segment, 2, 0, 2);
  segment.writeUInt32BE((payload.readUInt32BE(4) + 1) >>> 0, 8);
  segment[12] = 5 << 4;
  segment[13] = 0x14;
  const pseudo = Buffer.concat([addressBytes(destination), addressBytes(source), Buffer.from([0, TCP, 0, segment.length])]);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), 16);
  return ipv4(TCP, destination, source, DEFAULT_TTL, segment);
}

function ipv4(protocol: number, from: string, to: string, ttl: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(IPV4_HEADER);
  header[0] = 0x45;
  header.writeUInt16BE(IPV4_HEADER + payload.length, 2);
  header[8] = ttl;
  header[9] = protocol;
  addressBytes(from).copy(header, 12);
  addressBytes(to).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

/** `checksumAt` is where the payload holds its checksum, which covers the addresses (RFC 8200, section 8.1). */
function ipv6(protocol: number, from: string, to: string, ttl: number, payload: Buffer, checksumAt: number): Buffer {
  const header = Buffer.alloc(IPV6_HEADER);
  header[0] = 0x60;
  header.writeUInt16BE(payload.length, 4);
  header[6] = protocol;
  header[7] = ttl;
  ipv6Bytes(from).copy(header, 8);
  ipv6Bytes(to).copy(header, 24);
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(payload.length);
  pseudo[7] = protocol;
  payload.writeUInt16BE(0, checksumAt);
  payload.writeUInt16BE(checksum(Buffer.concat([header.subarray(8), pseudo, payload])), checksumAt);
  return Buffer.concat([header, payload]);
}

function icmp(message: Buffer): Buffer {
  message.writeUInt16BE(0, 2);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] as number) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function addressBytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function ipv6Bytes(address: string): Buffer {
  const [before = "", after = ""] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const missing = 8 - groups(before).length - groups(after).length;
  const all = [...groups(before), ..."0".repeat(missing), ...groups(after)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
