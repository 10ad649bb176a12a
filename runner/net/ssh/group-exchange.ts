import { createHash, randomBytes } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import type { KeyReply, Said } from "./key-exchange.js";
import { saidFirst } from "./key-exchange.js";
import { MESSAGE } from "./transport.js";
import { mpint, string, uint32, WireReader } from "./wire.js";

/** RFC 4419: the server chooses the group, and the client says which sizes it takes. */
export const GROUP_EXCHANGES: Readonly<Record<string, "sha1" | "sha256">> = {
  "diffie-hellman-group-exchange-sha256": "sha256",
  "diffie-hellman-group-exchange-sha1": "sha1",
};

/** The smallest group is what tells a weak server: a good one gives a larger group than the one that it is asked for. */
const ASKED = { least: 1024, preferred: 1024, most: 8192 } as const;
/** RFC 4419, section 6.2: at least twice the strength that the keys need. Nothing is ever encrypted with them. */
const EXPONENT_BYTES = 32;

export class GroupExchange {
  #p = 0n;
  #group: readonly Buffer[] = [];
  #exponent = 0n;
  #public: Buffer = Buffer.alloc(0);

  constructor(
    readonly hash: "sha1" | "sha256",
    readonly said: Said,
  ) {}

  get request(): Buffer {
    return Buffer.concat([Buffer.from([MESSAGE.groupRequest]), ...sizes()]);
  }

  /** Takes the group, and returns its size in bits. */
  readGroup(payload: Buffer): number {
    const reader = new WireReader(payload);
    if (reader.byte() !== MESSAGE.group) throw failureError("key_exchange", "protocol_violation", `message ${payload[0]} instead of a group`);
    const [prime, generator] = [reader.string(), reader.string()];
    this.#p = numberOf(prime);
    const [bits, g] = [this.#p === 0n ? 0 : this.#p.toString(2).length, numberOf(generator)];
    if (bits > ASKED.most) throw failureError("key_exchange", "limit_exceeded", `a group of ${bits} bits: the limit is ${ASKED.most}`);
    if (bits < 3 || g < 2n || g >= this.#p - 1n) throw failureError("key_exchange", "protocol_violation", "a group that cannot be one");
    this.#group = [mpint(prime), mpint(generator)];
    this.#exponent = numberOf(randomBytes(EXPONENT_BYTES));
    this.#public = mpint(bytesOf(power(g, this.#exponent, this.#p)));
    return bits;
  }

  get init(): Buffer {
    return Buffer.concat([Buffer.from([MESSAGE.groupInit]), this.#public]);
  }

  readReply(payload: Buffer): KeyReply {
    const reader = new WireReader(payload);
    if (reader.byte() !== MESSAGE.groupReply) throw failureError("key_exchange", "protocol_violation", `message ${payload[0]} instead of the server's key`);
    const [hostKey, theirs, signature] = [reader.string(), reader.string(), reader.string()];
    const f = numberOf(theirs);
    if (f < 2n || f >= this.#p - 1n) throw failureError("key_exchange", "protocol_violation", "the server's public value is none of this group");
    const secret = mpint(bytesOf(power(f, this.#exponent, this.#p)));
    const whole = [...saidFirst(this.said), string(hostKey), ...sizes(), ...this.#group, this.#public, mpint(theirs), secret];
    return { hostKey, signature, exchangeHash: createHash(this.hash).update(Buffer.concat(whole)).digest() };
  }
}

function sizes(): Buffer[] {
  return [ASKED.least, ASKED.preferred, ASKED.most].map(uint32);
}

/** OpenSSL would first test whether the number is a prime, which takes seconds for a large one that a peer invents. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Longer than any group that is taken: it is refused for its size, and need not be read. */
const LONGEST_NUMBER_BYTES = ASKED.most / 8 + 2;

function numberOf(bytes: Buffer): bigint {
  if (bytes.length > LONGEST_NUMBER_BYTES) throw failureError("key_exchange", "limit_exceeded", `a number of ${bytes.length} bytes`);
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString("hex")}`);
}

function bytesOf(number: bigint): Buffer {
  const digits = number.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
}
