import { buildQuery, type Question } from "./message.js";
import { RCODES } from "./rcode.js";
import type { ServerAddress } from "./server-address.js";
import { askByTcp } from "./tcp.js";
import { askByUdp, type Cancel, type Outcome } from "./udp.js";

/**
 * Sends one query to one server: in a datagram, without EDNS if the server treats that as an error, and over TCP if the answer is too long for a
 * datagram.
 */
export function askServer(server: ServerAddress, question: Question, done: (outcome: Outcome) => void): Cancel {
  let cancel: Cancel;
  const byUdp = (edns: boolean): void => {
    const query = buildQuery(question, { edns });
    cancel = askByUdp(server, query, (outcome) => {
      if (edns && isConfusedByEdns(outcome)) byUdp(false);
      else if ("truncated" in outcome && outcome.truncated) cancel = askByTcp(server, query, (whole) => done(notTruncated(whole)));
      else done(outcome);
    });
  };
  byUdp(true);
  return () => cancel();
}

/** RFC 6891, section 7: what servers say that do not know the OPT record. */
function isConfusedByEdns(outcome: Outcome): boolean {
  return "rcode" in outcome && (outcome.rcode === RCODES.formatError || outcome.rcode === RCODES.notImplemented);
}

function notTruncated(outcome: Outcome): Outcome {
  return "truncated" in outcome && outcome.truncated ? { broken: "unreadable", message: "a reply that is truncated even over TCP" } : outcome;
}
