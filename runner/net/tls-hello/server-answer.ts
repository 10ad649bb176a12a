import { CIPHER_SUITES } from "./cipher-suites.js";
import { EXTENSION, PROTOCOL_VERSIONS } from "./parameters.js";

/** What a server said in the clear to a ClientHello, as far as it has arrived. */
export interface ServerAnswer {
  hello: ServerHello | null;
  /** DER, as the server sent them. TLS 1.3 encrypts its own. */
  certificates: Buffer[];
  keyExchange: KeyExchange | null;
  /** True when status_request was answered with a response (RFC 6066, section 8). */
  hasStaple: boolean;
  alert: { level: number; code: number } | null;
  /** The server has said all that it says before the client's next message. */
  isComplete: boolean;
}

export interface ServerHello {
  readonly version: number;
  readonly suite: number;
  readonly compression: number;
  readonly extensions: ReadonlyMap<number, Buffer>;
  /** RFC 8446, 4.1.4: the same message, by its random. */
  readonly isRetryRequest: boolean;
}

/** ServerKeyExchange (RFC 5246, 7.4.3; RFC 8422, 5.4). */
export interface KeyExchange {
  readonly group: number | null;
  /** Bits of the prime of a DHE exchange. */
  readonly primeBits: number | null;
  readonly signatureScheme: number | null;
}

/** What a server sent that is no TLS, or breaks its rules. */
export class HelloError extends Error {
  override readonly name = "HelloError";
}

const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const MESSAGE = { serverHello: 2, certificate: 11, serverKeyExchange: 12, certificateRequest: 13, serverHelloDone: 14, certificateStatus: 22 } as const;

/** RFC 8446, 5.1, leaves 256 bytes beyond 2^14 to old compressions. */
const MAX_RECORD_BYTES = 16_384 + 2048;
/** A chain of 64 KB and what surrounds it. */
const MAX_FLIGHT_BYTES = 256 * 1024;
const MAX_CERTIFICATES = 32;

/** RFC 8446, 4.1.3: the random of a HelloRetryRequest, the SHA-256 of that name. */
const RETRY_REQUEST_RANDOM = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

/** Reads a server's first flight, in whatever pieces it arrives. */
export class ServerAnswerReader {
  readonly answer: ServerAnswer = { hello: null, certificates: [], keyExchange: null, hasStaple: false, alert: null, isComplete: false };
  #records: Buffer = Buffer.alloc(0);
  #messages: Buffer = Buffer.alloc(0);
  #bytes = 0;

  /** True when nothing more is to be expected. Throws HelloError for what is no TLS. */
  read(bytes: Buffer): boolean {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_FLIGHT_BYTES) throw new HelloError(`more than ${MAX_FLIGHT_BYTES} bytes before the end of the server's first messages`);
    this.#records = this.#records.length === 0 ? bytes : Buffer.concat([this.#records, bytes]);
    while (!this.answer.isComplete && this.#records.length >= 5) {
      const length = recordLength(this.#records);
      if (this.#records.length < 5 + length) break;
      this.#readRecord(this.#records[0] as number, this.#records.subarray(5, 5 + length));
      this.#records = this.#records.subarray(5 + length);
    }
    if (!this.answer.isComplete && this.#records.length > 0 && this.#records.length < 5) assertRecordType(this.#records[0] as number);
    return this.answer.isComplete;
  }

  #readRecord(type: number, content: Buffer): void {
    const { answer } = this;
    if (type === RECORD.alert) {
      if (content.length < 2) throw new HelloError("an alert of less than two bytes");
      answer.alert = { level: content[0] as number, code: content[1] as number };
      // A warning such as unrecognized_name comes before the hello and ends nothing (RFC 6066, section 3).
      answer.isComplete = answer.alert.level === 2 || answer.alert.code === 0;
    } else if (type === RECORD.handshake) {
      this.#messages = this.#messages.length === 0 ? content : Buffer.concat([this.#messages, content]);
      this.#readMessages();
    } else if (answer.hello === null) {
      throw new HelloError(`record type ${type} before the server's hello`);
    } else {
      // ChangeCipherSpec or encrypted records: what follows is not readable.
      answer.isComplete = true;
    }
  }

  #readMessages(): void {
    while (!this.answer.isComplete && this.#messages.length >= 4) {
      const length = this.#messages.readUIntBE(1, 3);
      if (length > MAX_FLIGHT_BYTES) throw new HelloError(`a handshake message of ${length} bytes`);
      if (this.#messages.length < 4 + length) return;
      this.#readMessage(this.#messages[0] as number, new Cursor(this.#messages.subarray(4, 4 + length)));
      this.#messages = this.#messages.subarray(4 + length);
    }
  }

  #readMessage(type: number, body: Cursor): void {
    const { answer } = this;
    if (answer.hello === null && type !== MESSAGE.serverHello) throw new HelloError(`handshake message ${type} before the server's hello`);
    if (type === MESSAGE.serverHello) {
      if (answer.hello !== null) throw new HelloError("a second server hello");
      answer.hello = serverHello(body);
      answer.isComplete = answer.hello.version === PROTOCOL_VERSIONS["TLSv1.3"];
    } else if (type === MESSAGE.certificate) answer.certificates = certificates(body);
    else if (type === MESSAGE.certificateStatus) answer.hasStaple = true;
    else if (type === MESSAGE.serverKeyExchange) answer.keyExchange = keyExchange(body, answer.hello as ServerHello);
    else if (type === MESSAGE.serverHelloDone) answer.isComplete = true;
  }
}

function recordLength(bytes: Buffer): number {
  assertRecordType(bytes[0] as number);
  if (bytes[1] !== 3) throw new HelloError(`record version ${bytes[1]}.${bytes[2]}`);
  const length = bytes.readUInt16BE(3);
  if (length > MAX_RECORD_BYTES) throw new HelloError(`a record of ${length} bytes`);
  return length;
}

function assertRecordType(type: number): void {
  if (type < RECORD.changeCipherSpec || type > 24) throw new HelloError("the answer is not TLS");
}

function serverHello(body: Cursor): ServerHello {
  const legacy = body.number(2);
  const random = body.bytes(32).toString("hex");
  body.vector(1);
  const suite = body.number(2);
  const compression = body.number(1);
  const extensions = new Map<number, Buffer>();
  if (body.left > 0) {
    const list = new Cursor(body.vector(2));
    while (list.left > 0) extensions.set(list.number(2), list.vector(2));
  }
  const selected = extensions.get(EXTENSION.supportedVersions);
  const version = selected?.length === 2 ? selected.readUInt16BE(0) : legacy;
  return { version, suite, compression, extensions, isRetryRequest: random === RETRY_REQUEST_RANDOM };
}

function certificates(body: Cursor): Buffer[] {
  const list = new Cursor(body.vector(3));
  const found: Buffer[] = [];
  while (list.left > 0 && found.length < MAX_CERTIFICATES) found.push(list.vector(3));
  return found;
}

/** The suite says what the message holds: a curve (RFC 8422, 5.4), a prime (RFC 5246, 7.4.3), or what is not read here. */
function keyExchange(body: Cursor, { suite, version }: ServerHello): KeyExchange | null {
  const name = CIPHER_SUITES[suite] ?? "";
  const schemeOf = (): number | null => (version >= PROTOCOL_VERSIONS["TLSv1.2"] && body.left >= 2 ? body.number(2) : null);
  if (/^TLS_ECDHE?_(RSA|ECDSA|anon)_/.test(name)) {
    // 3 is a named curve; the two explicit forms are not allowed any more.
    if (body.number(1) !== 3) return null;
    const group = body.number(2);
    body.vector(1);
    return { group, primeBits: null, signatureScheme: schemeOf() };
  }
  if (!/^TLS_DHE?_(RSA|DSS|anon)_/.test(name)) return null;
  const prime = body.vector(2);
  body.vector(2);
  body.vector(2);
  return { group: null, primeBits: bitLength(prime), signatureScheme: schemeOf() };
}

function bitLength(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] as number) + 24;
}

/** Reads numbers and vectors one after the other; what is cut off is a HelloError. */
class Cursor {
  #at = 0;
  constructor(readonly content: Buffer) {}

  get left(): number {
    return this.content.length - this.#at;
  }

  bytes(length: number): Buffer {
    if (this.left < length) throw new HelloError("a handshake message is cut off");
    this.#at += length;
    return this.content.subarray(this.#at - length, this.#at);
  }

  number(bytes: number): number {
    return this.bytes(bytes).readUIntBE(0, bytes);
  }

  vector(lengthBytes: number): Buffer {
    return this.bytes(this.number(lengthBytes));
  }
}
