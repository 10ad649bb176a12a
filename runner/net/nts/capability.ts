import type { TLSSocket } from "node:tls";
import type { TlsFacts, TlsInput } from "../../../schemas/tls.js";
import { failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Connection } from "../transport/connection.js";
import { type DialTarget, tcpGrant } from "../transport/dial.js";
import { MessageSession } from "../transport/message-session.js";
import { requireTrusted, tlsGrant } from "../transport/tls.js";
import { AEAD_AES_SIV_CMAC_256, encodeNumber, encodeRecord, NTPV4, type NtsRecord, NtsRecordDecoder, numbersIn, RECORD } from "./record.js";

export interface KeyTarget extends DialTarget {
  readonly command_timeout_ms: number;
  readonly tls: Pick<TlsInput, "verify" | "servername" | "ca">;
}

/** What key establishment gives; filled in as it is learned, so that no failure loses it. */
export interface NtsKeys {
  tls: TlsFacts | null;
  /** The address of the key server. */
  reached: string | null;
  /** The server to ask for the time, if it is another one. */
  server: string | null;
  port: number | null;
  cookies: Buffer[];
  clientToServer: Buffer;
  serverToClient: Buffer;
}

export interface NtsGrant {
  /** Key establishment (RFC 8915, section 4): one TLS connection, one message each way. */
  establish(target: KeyTarget, keys: NtsKeys): Promise<void>;
}

export function ntsGrant(run: WireRun): NtsGrant {
  return { establish: (target, keys) => establish(run, target, keys) };
}

const ALPN = "ntske/1";
const KEY_BYTES = 32;
/** A server sends eight cookies and some six other records. */
const MAX_RECORDS = 64;

async function establish(run: WireRun, target: KeyTarget, keys: NtsKeys): Promise<void> {
  const connection = await tcpGrant(run).connect(target);
  keys.reached = connection.remoteAddress;
  try {
    const name = target.tls.servername ?? target.host;
    const options = { host: name, alpn: [ALPN], min_version: "TLSv1.3", ...(target.tls.ca === undefined ? {} : { ca: target.tls.ca }) } as const;
    const facts = await tlsGrant(run).secure(connection, options, target.command_timeout_ms);
    keys.tls = facts;
    if (target.tls.verify === "require") requireTrusted(facts, name);
    if (facts.alpn !== ALPN) throw failureError("tls", "protocol_violation", `the server did not choose ${ALPN}: it does not establish keys for NTP`);
    // Before the server ends the connection, which it may do together with its answer.
    keys.clientToServer = exportKey(connection, 0);
    keys.serverToClient = exportKey(connection, 1);
    const session = new MessageSession(connection, new NtsRecordDecoder(), target.command_timeout_ms);
    await session.operation("NTS-KE", "auth", async (operation) => {
      session.send(REQUEST);
      await readResponse(session, keys);
      operation.message = `${keys.cookies.length} cookies`;
    });
  } finally {
    connection.close();
  }
}

const REQUEST = Buffer.concat([
  encodeRecord(RECORD.nextProtocol, encodeNumber(NTPV4)),
  encodeRecord(RECORD.aead, encodeNumber(AEAD_AES_SIV_CMAC_256)),
  encodeRecord(RECORD.end),
]);

async function readResponse(session: MessageSession<NtsRecord>, keys: NtsKeys): Promise<void> {
  let isNtp = false;
  let isAead = false;
  for (let count = 0; count < MAX_RECORDS; count++) {
    const { type, isCritical, body } = await session.next();
    if (type === RECORD.end) return requireComplete(keys, isNtp, isAead);
    if (type === RECORD.error) throw failureError("auth", "reply_rejected", errorWords(body));
    if (type === RECORD.nextProtocol) isNtp = numbersIn(body).includes(NTPV4);
    else if (type === RECORD.aead) isAead = numbersIn(body)[0] === AEAD_AES_SIV_CMAC_256;
    else if (type === RECORD.cookie) keys.cookies.push(Buffer.from(body));
    else if (type === RECORD.server) keys.server = body.toString("latin1");
    else if (type === RECORD.port) keys.port = numbersIn(body)[0] ?? null;
    // Section 4: a critical record that is not understood ends it; other ones are passed over.
    else if (isCritical) throw failureError("auth", "unsupported", `a critical record of the unknown type ${type}`);
  }
  throw failureError("auth", "limit_exceeded", `more than ${MAX_RECORDS} records`);
}

function requireComplete({ cookies }: NtsKeys, isNtp: boolean, isAead: boolean): void {
  if (!isNtp) throw failureError("auth", "unsupported", "the server did not choose NTPv4 as the next protocol");
  if (!isAead) throw failureError("auth", "unsupported", "the server did not choose AEAD_AES_SIV_CMAC_256");
  if (cookies.length === 0) throw failureError("auth", "protocol_violation", "the server gave no cookie");
}

const ERRORS = ["unrecognised critical record", "bad request", "internal server error"] as const;

function errorWords(body: Buffer): string {
  const code = numbersIn(body)[0] ?? null;
  return `the server answered with error ${code}${code !== null && ERRORS[code] !== undefined ? `, ${ERRORS[code]}` : ""}`;
}

/** Section 5.1: both sides derive the keys from the TLS session. */
function exportKey({ socket }: Connection, direction: 0 | 1): Buffer {
  const context = Buffer.from([0, NTPV4, 0, AEAD_AES_SIV_CMAC_256, direction]);
  return (socket as TLSSocket).exportKeyingMaterial(KEY_BYTES, "EXPORTER-network-time-security", context);
}
