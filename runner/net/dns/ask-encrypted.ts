import type { Failure } from "../../../schemas/failure.js";
import { Deadline } from "../../run/deadline.js";
import { Recorder } from "../../run/recorder.js";
import type { WireRun } from "../../run/run-state.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import type { TlsOptions } from "./encrypted-channel.js";
import { EncryptedConnections, failureIn } from "./encrypted-connections.js";
import { type AskEncrypted, closeWhenUnused } from "./encrypted-query.js";
import { MAX_LOOKUP_TIMEOUT_MS, OPEN_TIMEOUT_MS } from "./limits.js";
import { type Query, type Reply, readReply } from "./message.js";
import type { ServerAddress } from "./server-address.js";
import type { Outcome } from "./udp.js";

/** Several runs may wait for one look-up: it has a run of its own, which ends when it is cancelled. Connections outlive look-ups, until no run needs them. */
export const askEncrypted: AskEncrypted = (server, query, done) => {
  const run = newRun(MAX_LOOKUP_TIMEOUT_MS);
  let isWanted = true;
  outcomeOf(run, server, query)
    .catch((error: unknown) => brokenBy(failureIn(error)))
    .then((outcome) => {
      run.deadline.release();
      if (isWanted) done(outcome);
    });
  return () => {
    isWanted = false;
    run.deadline.end("cancelled");
  };
};

let shared: EncryptedConnections | null = null;

/** Without a certificate that is trusted, nothing is sent: encryption to a stranger would protect from no attacker (RFC 8310, strict profile). */
async function outcomeOf(run: WireRun, server: ServerAddress, query: Query): Promise<Outcome> {
  const tls: TlsOptions = { verify: "require", min_version: "TLSv1.2", ...(server.servername === null ? {} : { servername: server.servername }) };
  const options = { tls, timeoutMs: OPEN_TIMEOUT_MS, httpsPath: server.path ?? undefined };
  const read = (message: Buffer): Reply | "foreign" | "unreadable" => readReply(message, query);
  const connections = shared ?? connectionsOfAll();
  shared = connections;
  const { reply } = await closeWhenUnused(() => connections.ask(run, server, query.bytes, options, read), close);
  return "rcode" in reply ? reply : brokenBy(reply);
}

function connectionsOfAll(): EncryptedConnections {
  const run = newRun(OPEN_TIMEOUT_MS);
  // It never ends by itself.
  run.deadline.release();
  return new EncryptedConnections(run);
}

function close(): void {
  const unused = shared;
  shared = null;
  unused?.close();
  // No question waits any more for a connection that is still being opened, either.
  unused?.state.deadline.end("cancelled");
}

function newRun(timeoutMs: number): WireRun {
  return { recorder: new Recorder(null), deadline: new Deadline(timeoutMs, undefined), secrets: new SecretKeeper(), targets: null };
}

function brokenBy({ code, message }: Failure): Outcome {
  return { broken: code === "protocol_violation" ? "unreadable" : "unreachable", message };
}
