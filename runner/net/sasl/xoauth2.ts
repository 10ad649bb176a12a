import { failureError } from "../../run/failure-error.js";
import type { SaslExchange } from "./exchange.js";

/** XOAUTH2, as Google and Microsoft define it. A refusal comes as a challenge with JSON, which an empty line answers. */
export function xoauth2(username: string, accessToken: string): SaslExchange {
  let error: string | null = null;
  return {
    initial: { text: `user=${username}\x01auth=Bearer ${accessToken}\x01\x01`, secret: true },
    respond(challenge) {
      if (error !== null) throw failureError("auth", "protocol_violation", "the server sent another challenge after rejecting the access token");
      error = challenge.toString("utf8");
      return { text: "", secret: false };
    },
    doubt: () => (error === null ? null : "the server accepted an access token that it had just refused"),
    serverError: () => error,
  };
}
