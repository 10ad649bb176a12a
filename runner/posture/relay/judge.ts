import type { Check } from "../../../schemas/check.js";
import { advice, check, type Rule } from "../check.js";
import type { RelayAttempt } from "./attempts.js";

export const RELAY_OUTCOMES = ["accepted", "refused", "deferred", "not_asked"] as const;

export interface RelayFacts extends RelayAttempt {
  /** accepted: 2yz to RCPT. deferred: 4yz. not_asked: the conversation had ended before. */
  readonly outcome: (typeof RELAY_OUTCOMES)[number];
  readonly reply_code: number | null;
  readonly reply: string | null;
}

const RELAY: Rule = { id: "relay.open", area: "receiving", spec: "RFC 5321 7.2" };

/** 2yz to RCPT is not delivery: some servers accept first and reject after DATA, which is not sent. */
export function judgeRelay(host: string, attempts: readonly RelayFacts[]): Check[] {
  const accepted = attempts.filter(({ outcome }) => outcome === "accepted");
  const open = attempts.filter(({ outcome }) => outcome === "deferred" || outcome === "not_asked");
  if (accepted.length > 0) {
    const shown = accepted.map(({ name, recipient }) => `<${recipient}> (${name.replaceAll("_", " ")})`).join(", ");
    return [
      check(RELAY, "warning", `${host} may relay for anyone: it accepts ${shown}`, {
        advice: advice("Accept mail for your own domains only, unless the client has logged in or is in your network."),
      }),
    ];
  }
  if (open.length === attempts.length) return [check(RELAY, "unknown", `whether ${host} relays is not known`)];
  if (open.length > 0)
    return [
      check(
        RELAY,
        "unknown",
        `${host} refuses what it answered, and gave no final answer to ${open
          .map(({ name }) => name)
          .join(", ")
          .replaceAll("_", " ")}`,
      ),
    ];
  return [check(RELAY, "pass", `${host} does not relay for strangers`)];
}
