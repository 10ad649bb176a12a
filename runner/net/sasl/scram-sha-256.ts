import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import type { SaslExchange, SaslResponse } from "./exchange.js";
import { saltedPassword } from "./salted-password.js";
import { saslPrep } from "./saslprep.js";
import { escapeName, parseServerFinal, parseServerFirst } from "./scram-message.js";

/** Ties the login to the TLS session, which reveals a server in the middle (RFC 5802, section 6). */
export interface ChannelBinding {
  readonly gs2Header: string;
  readonly data: Buffer;
}

export const CHANNEL_BINDING = {
  /** None, and none that we would have wanted (section 7: gs2-header). */
  none: { gs2Header: "n,,", data: Buffer.alloc(0) },
  /** We support channel binding, and the server did not offer it: if it did, the offer was removed on the way. */
  notOffered: { gs2Header: "y,,", data: Buffer.alloc(0) },
  /** To the server's certificate (RFC 5929, section 4); this is the mechanism SCRAM-SHA-256-PLUS. */
  serverEndPoint: (data: Buffer): ChannelBinding => ({ gs2Header: "p=tls-server-end-point,,", data }),
} as const;

const NONCE_BYTES = 24;

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): the password is never sent, and the server proves that it knows it.
 * Only the tests of the standard's own example give a nonce.
 */
export function scramSha256(
  username: string,
  password: string,
  clientNonce = randomBytes(NONCE_BYTES).toString("base64"),
  { gs2Header, data }: ChannelBinding = CHANNEL_BINDING.none,
): SaslExchange {
  const name = saslPrep(username);
  const key = saslPrep(password);
  if (name === null || key === null)
    throw failureError("auth", "not_permitted", "SCRAM-SHA-256 allows no control characters in the user name or password (RFC 4013)");
  const clientFirst = `n=${escapeName(name)},r=${clientNonce}`;
  let expected: Buffer | null = null;
  let verified = false;
  let error: string | null = null;

  async function prove(serverFirst: string): Promise<SaslResponse> {
    const { nonce, salt, iterations } = parseServerFirst(serverFirst, clientNonce);
    const withoutProof = `c=${Buffer.concat([Buffer.from(gs2Header), data]).toString("base64")},r=${nonce}`;
    const salted = await saltedPassword(key as string, salt, iterations);
    const { proof, signature } = sign(salted, `${clientFirst},${serverFirst},${withoutProof}`);
    expected = signature;
    return { text: `${withoutProof},p=${proof.toString("base64")}`, secret: true, proof: `v=${signature.toString("base64")}` };
  }

  function verify(serverFinal: string, signature: Buffer): SaslResponse {
    const final = parseServerFinal(serverFinal);
    if ("error" in final) error = final.error;
    else if (final.signature.length !== signature.length || !timingSafeEqual(final.signature, signature)) {
      throw failureError(
        "auth",
        "protocol_violation",
        "the server's SCRAM signature is wrong: it does not know the password, or the connection is intercepted",
      );
    } else verified = true;
    return { text: "", secret: false };
  }

  return {
    initial: { text: `${gs2Header}${clientFirst}`, secret: false },
    respond(challenge) {
      const message = challenge.toString("utf8");
      if (expected === null) return prove(message);
      if (verified || error !== null) throw failureError("auth", "protocol_violation", "the server sent another challenge after SCRAM's last message");
      return verify(message, expected);
    },
    doubt: () => (verified ? null : "the server accepted the login without proving that it knows the password"),
    serverError: () => error,
  };
}

/** RFC 5802, section 3. */
function sign(salted: Buffer, authMessage: string): { proof: Buffer; signature: Buffer } {
  const clientKey = hmac(salted, "Client Key");
  const clientSignature = hmac(createHash("sha256").update(clientKey).digest(), authMessage);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (clientSignature[index] as number)));
  return { proof, signature: hmac(hmac(salted, "Server Key"), authMessage) };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
