import type { DnsRecord } from "./message.js";
import { readName, type WireName } from "./name.js";

/** An HTTPS or SVCB record (RFC 9460): where a service is, and which protocols it speaks. */
export interface ServiceBinding {
  /** 0: an alias, without parameters. */
  readonly priority: number;
  /** "." is the owner itself. */
  readonly target: WireName;
  /** Protocols beside the usual one of the scheme. */
  readonly alpn: readonly string[];
  /** Null: the usual one. */
  readonly port: number | null;
}

const ALPN = 1;
const PORT = 3;

/** From the bytes of a record that the reader of messages has checked. */
export function serviceBindingOf({ bytes }: Pick<DnsRecord, "bytes">): ServiceBinding {
  const { name: target, end } = readName(bytes, 2);
  const parameters = new Map<number, Buffer>();
  for (let offset = end; offset + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(offset + 2);
    parameters.set(bytes.readUInt16BE(offset), bytes.subarray(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  const port = parameters.get(PORT);
  return {
    priority: bytes.readUInt16BE(0),
    target,
    alpn: protocolsIn(parameters.get(ALPN) ?? Buffer.alloc(0)),
    port: port?.length === 2 ? port.readUInt16BE(0) : null,
  };
}

function protocolsIn(value: Buffer): string[] {
  const protocols: string[] = [];
  for (let offset = 0; offset < value.length; offset += 1 + (value[offset] as number))
    protocols.push(value.subarray(offset + 1, offset + 1 + (value[offset] as number)).toString("latin1"));
  return protocols;
}
