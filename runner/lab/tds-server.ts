import { text8, uint16 } from "../net/tds/encode.js";
import { encodeTds, PACKET } from "../net/tds/packet.js";
import { type Encryption, encodePreLoginAnswer } from "../net/tds/prelogin.js";
import { TYPE } from "../net/tds/type-info.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

/** A small part of SQL Server: a login, and answers to texts that it knows. Names and layouts are those of [MS-TDS]. */
export interface TdsServerSettings {
  readonly port?: number;
  /** As 16.0.4085. */
  readonly version?: string;
  readonly encryption?: Encryption;
  readonly account?: { readonly username: string; readonly password: string };
  /** Texts that can be queried. All values are nvarchar, int or null. */
  readonly queries?: readonly TdsQuery[];
  /** Whether the user may see the server's state. */
  readonly seesState?: boolean;
}

interface TdsQuery {
  readonly sql: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

const HEADER_BYTES = 8;
const MAX_REQUEST_BYTES = 256 * 1024;
const EXISTS = /^SELECT CASE WHEN EXISTS \(\n([\s\S]*)\n\) THEN 1 ELSE 0 END$/;

export function startTdsServer(settings: TdsServerSettings = {}): Promise<Listener> {
  return listen((socket) => serveTds(socket, settings), { port: settings.port ?? 0 });
}

/** Answers each message of one client. */
export function serveTds(socket: Pick<AcceptedSocket, "on" | "write" | "destroy">, settings: TdsServerSettings): void {
  let left = Buffer.alloc(0);
  let body = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    left = Buffer.concat([left, bytes]);
    while (left.length >= HEADER_BYTES && left.length >= left.readUInt16BE(2)) {
      const length = Math.max(HEADER_BYTES, left.readUInt16BE(2));
      body = Buffer.concat([body, left.subarray(HEADER_BYTES, length)]);
      const [type = 0, status = 0] = left;
      left = left.subarray(length);
      if (body.length > MAX_REQUEST_BYTES) return void socket.destroy();
      if ((status & 1) === 0) continue;
      const answer = answerTo(type, body, settings);
      body = Buffer.alloc(0);
      if (answer !== null) socket.write(encodeTds(PACKET.response, answer));
    }
  });
}

function answerTo(type: number, body: Buffer, settings: TdsServerSettings): Buffer | null {
  const { version = "16.0.4085", encryption = "off" } = settings;
  if (type === PACKET.preLogin) return encodePreLoginAnswer({ version, encryption });
  if (type === PACKET.login) return loggedIn(body, settings);
  if (type === PACKET.batch) return done();
  return type === PACKET.rpc ? executed(textsOfRpc(body), settings) : null;
}

/** 2.2.6.4: offsets and lengths of texts. In a password the halves of each byte change places, and the byte is XORed. */
function loggedIn(body: Buffer, { account }: TdsServerSettings): Buffer {
  const field = (at: number): Buffer => body.subarray(body.readUInt16LE(at), body.readUInt16LE(at) + 2 * body.readUInt16LE(at + 2));
  const username = field(40).toString("utf16le");
  const password = Buffer.from(field(44).map((byte) => ((byte ^ 0xa5) >> 4) | (((byte ^ 0xa5) & 0x0f) << 4))).toString("utf16le");
  const isRight = account === undefined || (account.username === username && account.password === password);
  if (!isRight) return Buffer.concat([errorToken(18456, `Login failed for user '${username}'.`), done(ERROR)]);
  const program = text8("Microsoft SQL Server");
  const acknowledgement = Buffer.concat([Buffer.of(1, 0x74, 0, 0, 4), program, Buffer.of(16, 0, 0x0f, 0xf5)]);
  return Buffer.concat([token(0xe3, Buffer.concat([Buffer.of(1), text8("master"), text8("master")])), token(0xad, acknowledgement), done()]);
}

/** Our probe's own questions, the description of a text, and texts that are known. */
function executed([sql = "", , described]: readonly string[], settings: TdsServerSettings): Buffer {
  const { queries = [], seesState = true, version = "16.0.4085" } = settings;
  if (/sp_describe_first_result_set/.test(sql)) {
    const inner = EXISTS.exec(described ?? "")?.[1] ?? described;
    return queries.some((query) => query.sql === inner) ? result(["column_ordinal"], [[1]]) : refused(156, "Incorrect syntax near the keyword.");
  }
  if (/SERVERPROPERTY/.test(sql))
    return result(
      ["version", "edition", "time", "database", "updateability", "groups", "max"],
      [[version, "Developer Edition (64-bit)", new Date().toISOString().replace("Z", "0000"), "master", "READ_WRITE", 0, 32_767]],
    );
  if (/dm_os_sys_info/.test(sql))
    return seesState ? result(["uptime", "connections"], [[3600, 3]]) : refused(300, "VIEW SERVER STATE permission was denied on object 'server'.");
  if (sql === "SELECT 1") return result([""], [[1]]);
  const known = queries.find((query) => query.sql === sql);
  return known === undefined ? refused(208, "Invalid object name.") : result(known.columns, known.rows);
}

const COLLATION_BYTES = 5;
const UNBOUNDED = 0xffff;

/** The parameters of sp_executesql (2.2.6.6), up to the first that is no text. */
function textsOfRpc(body: Buffer): string[] {
  const texts: string[] = [];
  let at = body.readUInt32LE(0) + 6;
  while (at < body.length) {
    at += 1 + 2 * (body[at] as number) + 1;
    if (body[at] !== TYPE.nvarchar) break;
    const isUnbounded = body.readUInt16LE(at + 1) === UNBOUNDED;
    at += 3 + COLLATION_BYTES;
    const parts: Buffer[] = [];
    if (isUnbounded) {
      at += 8;
      for (let length = body.readUInt32LE(at); length > 0; length = body.readUInt32LE(at)) {
        parts.push(body.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      }
      at += 4;
    } else {
      const length = body.readUInt16LE(at);
      parts.push(body.subarray(at + 2, at + 2 + (length === UNBOUNDED ? 0 : length)));
      at += 2 + (length === UNBOUNDED ? 0 : length);
    }
    texts.push(Buffer.concat(parts).toString("utf16le"));
  }
  return texts;
}

function result(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): Buffer {
  const isNumber = columns.map((_, index) => rows.some((row) => typeof row[index] === "number"));
  const described = columns.map((name, index) => {
    const type = isNumber[index] ? Buffer.of(TYPE.intN, 4) : Buffer.concat([Buffer.of(TYPE.nvarchar, 0x40, 0x1f), Buffer.alloc(COLLATION_BYTES)]);
    // A user type of four bytes, and the flag "nullable".
    return Buffer.concat([Buffer.of(0, 0, 0, 0, 1, 0), type, text8(name)]);
  });
  const encoded = rows.map((row) => Buffer.concat([Buffer.of(0xd1), ...row.map((value, index) => encodedValue(value, isNumber[index] === true))]));
  return Buffer.concat([Buffer.of(0x81), uint16(columns.length), ...described, ...encoded, done(COUNTED, rows.length)]);
}

function encodedValue(value: string | number | null, isNumber: boolean): Buffer {
  if (isNumber) {
    const bytes = Buffer.alloc(5);
    bytes[0] = 4;
    bytes.writeInt32LE(Number(value), 1);
    return value === null ? Buffer.of(0) : bytes;
  }
  if (value === null) return uint16(UNBOUNDED);
  const bytes = Buffer.from(String(value), "utf16le");
  return Buffer.concat([uint16(bytes.length), bytes]);
}

function refused(number: number, message: string): Buffer {
  return Buffer.concat([errorToken(number, message), done(ERROR)]);
}

function errorToken(number: number, message: string): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt32LE(number, 0);
  // State 1, severity 14.
  head[4] = 1;
  head[5] = 14;
  const written = Buffer.from(message, "utf16le");
  return token(0xaa, Buffer.concat([head, uint16(message.length), written, text8("lab"), text8(""), Buffer.alloc(4)]));
}

const ERROR = 0x02;
const COUNTED = 0x10;

function done(status = 0, count = 0): Buffer {
  const bytes = Buffer.alloc(13);
  bytes[0] = 0xfd;
  bytes.writeUInt16LE(status, 1);
  bytes.writeUInt32LE(count, 5);
  return bytes;
}

function token(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type), uint16(content.length), content]);
}
