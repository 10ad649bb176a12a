import { NO_DOUBT, type SaslExchange } from "./exchange.js";

/** RFC 4422, appendix A: the server takes the identity from outside, as from the client's certificate. No other is asked for. */
export function external(): SaslExchange {
  const empty = { text: "", secret: false };
  return { initial: empty, respond: () => empty, ...NO_DOUBT };
}
