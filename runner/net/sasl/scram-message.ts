import { failureError } from "../../run/failure-error.js";
import { decodeChallenge } from "./exchange.js";

/** The server's first message (RFC 5802, section 7). */
export interface ServerFirst {
  nonce: string;
  salt: Buffer;
  iterations: number;
}

/** The server's last message: its proof that it knows the password, or why it refuses. */
export type ServerFinal = { signature: Buffer } | { error: string };

/** RFC 7677, section 4. With fewer, a false server could try passwords cheaply against what we prove to it. */
const MIN_ITERATIONS = 4096;
/** These take a third of a second, and a peer must not buy more of our time. */
const MAX_ITERATIONS = 1_000_000;

export function parseServerFirst(message: string, clientNonce: string): ServerFirst {
  const attributes = message.split(",");
  if (attributes[0]?.startsWith("m=")) throw failureError("auth", "unsupported", "the server requires an undefined SCRAM extension");
  const [nonce, salt, iterations] = [attribute(attributes[0], "r"), attribute(attributes[1], "s"), attribute(attributes[2], "i")];
  if (nonce === null || salt === null || iterations === null) throw malformed("its first message must hold r=, s= and i= in this order");
  // A nonce that is not the server's own addition to ours could be one of a recorded login.
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length) throw malformed("its nonce does not extend ours");
  if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) throw malformed("its nonce holds a character that is not printable");
  const saltBytes = decodeChallenge(salt);
  if (saltBytes === null || saltBytes.length === 0) throw malformed("its salt is not base64");
  if (!/^[1-9]\d{0,15}$/.test(iterations)) throw malformed("its iteration count is not a positive number");
  const count = Number(iterations);
  if (count < MIN_ITERATIONS)
    throw failureError(
      "auth",
      "not_permitted",
      `the server asks for ${iterations} SCRAM iterations; RFC 7677 requires at least ${MIN_ITERATIONS}, so no proof is sent`,
    );
  if (count > MAX_ITERATIONS)
    throw failureError("auth", "limit_exceeded", `the server asks for ${iterations} SCRAM iterations; the limit is ${MAX_ITERATIONS}`);
  return { nonce, salt: saltBytes, iterations: count };
}

export function parseServerFinal(message: string): ServerFinal {
  const first = message.split(",", 1)[0];
  const error = attribute(first, "e");
  if (error !== null) return { error };
  const signature = decodeChallenge(attribute(first, "v") ?? "");
  if (signature === null || signature.length === 0) throw malformed("its last message holds neither v= nor e=");
  return { signature };
}

/** RFC 5802, section 5.1: a comma and an equals sign would end the name. */
export function escapeName(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

function attribute(text: string | undefined, name: string): string | null {
  return text?.startsWith(`${name}=`) ? text.slice(2) : null;
}

function malformed(what: string): Error {
  return failureError("auth", "protocol_violation", `the server's SCRAM message is invalid: ${what}`);
}
