import type { Failure } from "../../../schemas/failure.js";
import { Deadline } from "../../run/deadline.js";
import { FailureError } from "../../run/failure-error.js";
import { Recorder } from "../../run/recorder.js";
import type { WireRun } from "../../run/run-state.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import type { AskEncrypted } from "./encrypted-query.js";
import { exchangeByHttps } from "./https.js";
import { MAX_LOOKUP_TIMEOUT_MS } from "./limits.js";
import { type Query, type Reply, readReply } from "./message.js";
import type { ServerAddress } from "./server-address.js";
import { exchangeByTls, type TlsOptions } from "./tls.js";
import type { Outcome } from "./udp.js";

/** Several runs may wait for one look-up: it has a run of its own, which ends when it is cancelled. */
export const askEncrypted: AskEncrypted = (server, query, done) => {
  const deadline = new Deadline(MAX_LOOKUP_TIMEOUT_MS, undefined);
  const run: WireRun = { recorder: new Recorder(null), deadline, secrets: new SecretKeeper(), targets: null };
  let isWanted = true;
  outcomeOf(run, server, query)
    .catch(outcomeOfError)
    .then((outcome) => {
      deadline.release();
      if (isWanted) done(outcome);
    });
  return () => {
    isWanted = false;
    deadline.end("cancelled");
  };
};

/** Without a certificate that is trusted, nothing is sent: encryption to a stranger would protect from no attacker (RFC 8310, strict profile). */
async function outcomeOf(run: WireRun, server: ServerAddress, query: Query): Promise<Outcome> {
  const tls: TlsOptions = { verify: "require", min_version: "TLSv1.2", ...(server.servername === null ? {} : { servername: server.servername }) };
  const options = { tls, timeoutMs: MAX_LOOKUP_TIMEOUT_MS };
  const read = (message: Buffer): Reply | "foreign" | "unreadable" => readReply(message, query);
  const { reply } =
    server.transport === "https"
      ? await exchangeByHttps(run, server, query.bytes, { ...options, httpsPath: server.path ?? undefined }, read)
      : await exchangeByTls(run, server, query.bytes, options, read);
  return "rcode" in reply ? reply : brokenBy(reply);
}

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof FailureError) return brokenBy(error.failure);
  throw error;
}

function brokenBy({ code, message }: Failure): Outcome {
  return { broken: code === "protocol_violation" ? "unreadable" : "unreachable", message };
}
