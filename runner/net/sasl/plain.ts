import { failureError } from "../../run/failure-error.js";
import { NO_DOUBT, type SaslExchange } from "./exchange.js";

/** PLAIN (RFC 4616): everything in one message, its parts divided by NUL. */
export function plain(username: string, password: string): SaslExchange {
  if (username.includes("\0") || password.includes("\0"))
    throw failureError("auth", "not_permitted", "PLAIN cannot send a user name or password that contains NUL");
  const initial = { text: `\0${username}\0${password}`, secret: true };
  return {
    ...NO_DOUBT,
    initial,
    respond() {
      throw failureError("auth", "protocol_violation", "the server sent another challenge after PLAIN's only message");
    },
  };
}
