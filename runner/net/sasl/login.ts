import { failureError } from "../../run/failure-error.js";
import { NO_DOUBT, type SaslExchange } from "./exchange.js";

/**
 * LOGIN (draft-murchison-sasl-login): the server asks twice. What it asks in is words for people, in whatever wording, so
 * only the order counts.
 */
export function login(username: string, password: string): SaslExchange {
  const answers = [
    { text: username, secret: false },
    { text: password, secret: true },
  ];
  return {
    ...NO_DOUBT,
    initial: null,
    respond() {
      const answer = answers.shift();
      if (answer === undefined)
        throw failureError("auth", "protocol_violation", "the server sent a third challenge in LOGIN, after the user name and the password");
      return answer;
    },
  };
}
