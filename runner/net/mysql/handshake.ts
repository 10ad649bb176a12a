import { decodeError } from "../transport/message-session.js";
import { integer, PacketReader, sized } from "./packet.js";

/** The capabilities that we use. LOCAL INFILE and several statements in one text are not among them. */
const CAPABILITY = {
  longPassword: 0x1,
  connectWithDatabase: 0x8,
  protocol41: 0x200,
  ssl: 0x800,
  transactions: 0x2000,
  secureConnection: 0x8000,
  pluginAuth: 0x8_0000,
} as const;
const REQUIRED = CAPABILITY.protocol41 | CAPABILITY.secureConnection | CAPABILITY.pluginAuth;
const MAX_PACKET_BYTES = 16 * 1024 * 1024;
/** utf8mb4_general_ci, which MySQL and MariaDB both have. */
const CHARACTER_SET = 45;
const PROTOCOL_VERSION = 10;
const FIRST_NONCE_BYTES = 8;
const MIN_NONCE_BYTES = 13;

/** The server's first packet. Before TLS nothing in it can be trusted. */
export interface Greeting {
  readonly version: string;
  readonly nonce: Buffer;
  readonly plugin: string;
  readonly offersTls: boolean;
}

export function readGreeting(body: Buffer): Greeting {
  const reader = new PacketReader(body);
  const protocol = reader.byte();
  if (protocol !== PROTOCOL_VERSION) throw decodeError("protocol_violation", `the greeting is not MySQL's: it begins with ${protocol}`);
  const version = reader.text().slice(0, 200);
  reader.take(4);
  const first = reader.take(FIRST_NONCE_BYTES);
  reader.take(1);
  const low = reader.unsigned(2);
  reader.take(3);
  const capabilities = low + reader.unsigned(2) * 0x1_0000;
  const nonceBytes = reader.byte();
  if ((capabilities & REQUIRED) !== REQUIRED) throw decodeError("unsupported", "the server is older than MySQL 5.5, or does not speak its protocol");
  reader.take(10);
  const second = reader.take(Math.min(reader.left, Math.max(MIN_NONCE_BYTES, nonceBytes - FIRST_NONCE_BYTES)));
  const plugin = reader.left > 0 ? reader.text() : "mysql_native_password";
  return { version, nonce: withoutEnd(Buffer.concat([first, second])), plugin, offersTls: (capabilities & CAPABILITY.ssl) !== 0 };
}

/** The nonces of MariaDB's client_ed25519 and parsec, in which any byte may be 0. */
const LONG_NONCE_BYTES = 32;

/** Other nonces are followed by NUL. */
export function withoutEnd(nonce: Buffer): Buffer {
  return nonce.at(-1) === 0 && nonce.length !== LONG_NONCE_BYTES ? nonce.subarray(0, -1) : nonce;
}

interface Opening {
  readonly username: string;
  readonly database: string | null;
  readonly plugin: string;
  readonly answer: Buffer;
  readonly isTls: boolean;
}

/** HandshakeResponse41. */
export function encodeOpening({ username, database, plugin, answer, isTls }: Opening): Buffer {
  const names = [`${username}\0`, sized(answer), ...(database === null ? [] : [`${database}\0`]), `${plugin}\0`];
  return Buffer.concat([opening(isTls, database !== null), ...names.map((name) => Buffer.from(name))]);
}

/** SSLRequest is the first part of the same packet. */
export function encodeTlsRequest(hasDatabase: boolean): Buffer {
  return opening(true, hasDatabase);
}

function opening(isTls: boolean, hasDatabase: boolean): Buffer {
  const { longPassword, transactions, ssl, connectWithDatabase } = CAPABILITY;
  const capabilities = REQUIRED | longPassword | transactions | (isTls ? ssl : 0) | (hasDatabase ? connectWithDatabase : 0);
  return Buffer.concat([integer(capabilities, 4), integer(MAX_PACKET_BYTES, 4), integer(CHARACTER_SET, 1), Buffer.alloc(23)]);
}
