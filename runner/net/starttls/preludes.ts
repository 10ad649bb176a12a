import { failureError } from "../../run/failure-error.js";
import { AUTH_TLS } from "../ftp/auth-tls.js";
import type { Connection } from "../transport/connection.js";
import { PreludeReader } from "./prelude-reader.js";

export interface PreludeOptions {
  /** The name in EHLO and LHLO. */
  readonly heloName: string;
  /** The domain of an XMPP stream. */
  readonly host: string;
  readonly timeoutMs: number;
}

type Prelude = (reader: PreludeReader, options: PreludeOptions) => Promise<void>;

/** What comes before the TLS handshake in each protocol: from the greeting to the server's go-ahead. */
const PRELUDES = {
  smtp: (reader, { heloName }) => smtp(reader, "EHLO", heloName),
  lmtp: (reader, { heloName }) => smtp(reader, "LHLO", heloName),
  // RFC 9051, 6.2.1.
  imap: async (reader) => {
    expect(await reader.line(), /^\* (OK|PREAUTH)\b/i);
    reader.write("a STARTTLS\r\n");
    let line = await reader.line();
    while (line.startsWith("* ")) line = await reader.line();
    expect(line, /^a OK\b/i);
  },
  // RFC 2595, 4.
  pop3: async (reader) => {
    expect(await reader.line(), /^\+OK/);
    reader.write("STLS\r\n");
    expect(await reader.line(), /^\+OK/);
  },
  // RFC 5804, 2.2.
  sieve: async (reader) => {
    await sieveResponse(reader);
    reader.write("STARTTLS\r\n");
    await sieveResponse(reader);
  },
  // RFC 4217, 4.
  ftp: async (reader) => {
    await reply(reader, /^220/);
    reader.write(`${AUTH_TLS.command}\r\n`);
    await reply(reader, new RegExp(`^${AUTH_TLS.goAhead}`));
  },
  // RFC 4642, 2.2.
  nntp: async (reader) => {
    expect(await reader.line(), /^20[01]/);
    reader.write("STARTTLS\r\n");
    expect(await reader.line(), /^382/);
  },
  // RFC 4511, 4.14: an extended request with the OID of StartTLS, and a response with result code 0.
  ldap: async (reader) => {
    reader.write(Buffer.from("301d02010177188016312e332e362e312e342e312e313436362e3230303337", "hex"));
    const header = await reader.bytes(2);
    const length = header[1] as number;
    if (header[0] !== 0x30 || length >= 0x80) throw refused("the answer is not LDAP");
    const message = await reader.bytes(length);
    // Message id (3 bytes), the response's header (2), its result code as ENUMERATED.
    if (message.subarray(0, 4).toString("hex") !== "02010178") throw refused("the answer is no response to StartTLS");
    if (message.subarray(5, 8).toString("hex") !== "0a0100") throw refused(`StartTLS was refused with result code ${message[7]}`);
  },
  // RFC 6120, 5.4.
  xmpp: async (reader, { host }) => {
    reader.write(`<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${host}' version='1.0'>`);
    expect(await reader.through(/<\/stream:features>|<stream:error>|<\/stream:stream>/), /<starttls\b/);
    reader.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    expect(await reader.through(/<proceed\b[^<>]*>|<failure\b[^<>]*>|<\/stream:stream>/), /<proceed\b/);
  },
  // PostgreSQL, 55.2.10: SSLRequest, answered with one byte.
  postgresql: async (reader) => {
    reader.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    const answer = (await reader.bytes(1)).toString("latin1");
    if (answer !== "S") throw refused(`SSLRequest was answered with ${JSON.stringify(answer)}`);
  },
  // MySQL: the server's handshake packet, then an SSLRequest with CLIENT_SSL, CLIENT_PROTOCOL_41 and CLIENT_SECURE_CONNECTION.
  mysql: async (reader) => {
    const header = await reader.bytes(4);
    const packet = await reader.bytes(header.readUIntLE(0, 3));
    const end = packet.indexOf(0, 1);
    if (packet[0] !== 10 || end < 0) throw refused("the greeting is not MySQL's");
    const capabilities = packet.readUInt16LE(Math.min(end + 1 + 4 + 8 + 1, packet.length - 2));
    if ((capabilities & 0x0800) === 0) throw refused("the server does not offer TLS");
    const request = Buffer.alloc(36);
    request.writeUIntLE(32, 0, 3);
    request[3] = 1;
    request.writeUInt32LE(0x0000_8a00, 4);
    request.writeUInt32LE(16_777_216, 8);
    request[12] = 45;
    reader.write(request);
  },
} as const satisfies Readonly<Record<string, Prelude>>;

export type StarttlsProtocol = keyof typeof PRELUDES;
export const STARTTLS_PROTOCOLS = Object.keys(PRELUDES) as [StarttlsProtocol, ...StarttlsProtocol[]];

/** Brings a new connection to the point at which a ClientHello may be sent. */
export async function startTls(connection: Connection, protocol: StarttlsProtocol, options: PreludeOptions): Promise<void> {
  const reader = new PreludeReader(connection, options.timeoutMs);
  await PRELUDES[protocol](reader, options);
  reader.finish();
}

/** RFC 3207, 4; RFC 2033 for LMTP. */
async function smtp(reader: PreludeReader, verb: string, heloName: string): Promise<void> {
  await reply(reader, /^220/);
  reader.write(`${verb} ${heloName}\r\n`);
  await reply(reader, /^250/);
  reader.write("STARTTLS\r\n");
  await reply(reader, /^220/);
}

/** A reply of one or more lines, in the manner of SMTP and FTP: the last has a space after its code. */
async function reply(reader: PreludeReader, expected: RegExp): Promise<void> {
  let line = await reader.line();
  const code = line.slice(0, 3);
  while (!line.startsWith(`${code} `) && line !== code) line = await reader.line();
  expect(line, expected);
}

/** RFC 5804, 1.3: lines up to OK, NO or BYE. */
async function sieveResponse(reader: PreludeReader): Promise<void> {
  let line = await reader.line();
  while (!/^(OK|NO|BYE)\b/i.test(line)) line = await reader.line();
  expect(line, /^OK\b/i);
}

function expect(line: string, expected: RegExp): void {
  if (!expected.test(line)) throw refused(`the server answered ${JSON.stringify(line.slice(0, 120))}`);
}

function refused(message: string) {
  return failureError("starttls", "unsupported", message);
}
