import { createHmac } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import { NO_DOUBT, type SaslExchange } from "./exchange.js";

/** CRAM-MD5 (RFC 2195): the user name, and the challenge's keyed digest in hexadecimal. */
export function cramMd5(username: string, password: string): SaslExchange {
  let answered = false;
  return {
    ...NO_DOUBT,
    initial: null,
    respond(challenge) {
      if (answered) throw failureError("auth", "protocol_violation", "the server sent a second challenge in CRAM-MD5");
      if (challenge.length === 0) throw failureError("auth", "protocol_violation", "the server sent an empty challenge in CRAM-MD5");
      answered = true;
      return { text: `${username} ${createHmac("md5", password).update(challenge).digest("hex")}`, secret: true };
    },
  };
}
