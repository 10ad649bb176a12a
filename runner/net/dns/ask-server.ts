import { askEncrypted } from "./encrypted-query.js";
import { buildQuery, type Query, type Question } from "./message.js";
import { RCODES } from "./rcode.js";
import type { ServerAddress } from "./server-address.js";
import { askByTcp } from "./tcp.js";
import { askByUdp, type Cancel, type Outcome } from "./udp.js";

/**
 * Sends one query to one server: in a datagram, and over TCP if the answer is too long for one, or encrypted. Without EDNS if the server treats that as
 * an error.
 */
export function askServer(server: ServerAddress, question: Question, done: (outcome: Outcome) => void): Cancel {
  let cancel: Cancel;
  const ask = (edns: boolean): void => {
    const finish = (outcome: Outcome): void => (edns && isConfusedByEdns(outcome) ? ask(false) : done(outcome));
    if (server.transport === "plain") {
      const query = buildQuery(question, { edns });
      cancel = askByUdp(server, query, (outcome) => {
        if ("truncated" in outcome && outcome.truncated) cancel = askByTcp(server, query, (whole) => finish(notTruncated(whole)));
        else finish(outcome);
      });
    } else cancel = askEncrypted(server, encryptedQuery(server, question, edns), (outcome) => finish(notTruncated(outcome)));
  };
  ask(true);
  return () => cancel();
}

/** RFC 8484, section 4.1: over HTTPS the id is 0, so that caches may share a response. */
function encryptedQuery({ transport }: ServerAddress, question: Question, edns: boolean): Query {
  return buildQuery(question, transport === "https" ? { edns, id: 0 } : { edns });
}

/** RFC 6891, section 7: what servers say that do not know the OPT record. */
function isConfusedByEdns(outcome: Outcome): boolean {
  return "rcode" in outcome && (outcome.rcode === RCODES.formatError || outcome.rcode === RCODES.notImplemented);
}

function notTruncated(outcome: Outcome): Outcome {
  return "truncated" in outcome && outcome.truncated
    ? { broken: "unreadable", message: "a reply that is truncated, and not for the size of a datagram" }
    : outcome;
}
