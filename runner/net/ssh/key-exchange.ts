import { createECDH, createHash, createPublicKey, diffieHellman, generateKeyPairSync, getDiffieHellman } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import { MESSAGE } from "./transport.js";
import { mpint, string, WireReader } from "./wire.js";

/** One side of an exchange that has begun. */
interface Started {
  /** As the request holds it: a string for elliptic curves, an mpint for the groups of numbers. */
  readonly encodedPublic: Buffer;
  /** Throws for a public value that is none, such as a point of small order. */
  secret(theirs: Buffer): Buffer;
  encodeTheirs(theirs: Buffer): Buffer;
}

interface Method {
  readonly hash: "sha1" | "sha256" | "sha384" | "sha512";
  start(): Started;
}

/** What we can finish, the preferred first: RFC 8731, RFC 5656, RFC 8268, RFC 4253. */
export const METHODS: Readonly<Record<string, Method>> = {
  "curve25519-sha256": { hash: "sha256", start: x25519 },
  "curve25519-sha256@libssh.org": { hash: "sha256", start: x25519 },
  "ecdh-sha2-nistp256": { hash: "sha256", start: () => ecdh("prime256v1") },
  "ecdh-sha2-nistp384": { hash: "sha384", start: () => ecdh("secp384r1") },
  "ecdh-sha2-nistp521": { hash: "sha512", start: () => ecdh("secp521r1") },
  "diffie-hellman-group14-sha256": { hash: "sha256", start: () => group("modp14") },
  "diffie-hellman-group16-sha512": { hash: "sha512", start: () => group("modp16") },
  "diffie-hellman-group18-sha512": { hash: "sha512", start: () => group("modp18") },
  "diffie-hellman-group14-sha1": { hash: "sha1", start: () => group("modp14") },
  "diffie-hellman-group1-sha1": { hash: "sha1", start: () => group("modp2") },
};

/** The header of an X25519 public key in DER (RFC 8410). */
const X25519_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

function x25519(): Started {
  const own = generateKeyPairSync("x25519");
  const raw = own.publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return {
    encodedPublic: string(raw),
    secret(theirs) {
      if (theirs.length !== 32) throw new Error(`a public value of ${theirs.length} bytes`);
      const publicKey = createPublicKey({ key: Buffer.concat([X25519_PREFIX, theirs]), format: "der", type: "spki" });
      return diffieHellman({ privateKey: own.privateKey, publicKey });
    },
    encodeTheirs: string,
  };
}

function ecdh(curve: string): Started {
  const own = createECDH(curve);
  return { encodedPublic: string(own.generateKeys()), secret: (theirs) => own.computeSecret(theirs), encodeTheirs: string };
}

function group(name: string): Started {
  const own = getDiffieHellman(name);
  return { encodedPublic: mpint(own.generateKeys()), secret: (theirs) => own.computeSecret(theirs), encodeTheirs: mpint };
}

/** What both sides have said until now; all of it is signed. */
export interface Said {
  readonly clientIdentification: string;
  readonly serverIdentification: string;
  readonly clientInit: Buffer;
  readonly serverInit: Buffer;
}

/** The beginning of what every method's signature is over. */
export function saidFirst({ clientIdentification, serverIdentification, clientInit, serverInit }: Said): Buffer[] {
  return [Buffer.from(clientIdentification, "latin1"), Buffer.from(serverIdentification, "latin1"), clientInit, serverInit].map(string);
}

export interface KeyReply {
  readonly hostKey: Buffer;
  readonly signature: Buffer;
  /** What the signature is over. */
  readonly exchangeHash: Buffer;
}

/** RFC 4253, section 8, and RFC 5656, section 4. */
export class KeyExchange {
  readonly #started: Started;

  constructor(
    readonly method: Method,
    readonly said: Said,
  ) {
    this.#started = method.start();
  }

  get request(): Buffer {
    return Buffer.concat([Buffer.from([MESSAGE.kexRequest]), this.#started.encodedPublic]);
  }

  readReply(payload: Buffer): KeyReply {
    const reader = new WireReader(payload);
    if (reader.byte() !== MESSAGE.kexReply) throw failureError("key_exchange", "protocol_violation", `message ${payload[0]} instead of the server's key`);
    const [hostKey, theirs, signature] = [reader.string(), reader.string(), reader.string()];
    const whole = [
      ...[...saidFirst(this.said), string(hostKey)],
      ...[this.#started.encodedPublic, this.#started.encodeTheirs(theirs), mpint(this.#secret(theirs))],
    ];
    return { hostKey, signature, exchangeHash: createHash(this.method.hash).update(Buffer.concat(whole)).digest() };
  }

  #secret(theirs: Buffer): Buffer {
    try {
      return this.#started.secret(theirs);
    } catch {
      throw failureError("key_exchange", "protocol_violation", "the server's public value is none of this group");
    }
  }
}
