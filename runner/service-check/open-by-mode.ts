import type { Finding } from "../../schemas/finding.js";
import type { StarttlsOutcome, TlsMode } from "../../schemas/service.js";
import type { TlsInput } from "../../schemas/tls.js";
import { FailureError } from "../run/failure-error.js";
import { finding } from "../run/judge.js";

/** How to try TLS: after a failed handshake the next attempt needs a new connection. */
export type Way = "full" | "reduced" | "none";

export interface OpeningEvidence {
  starttls: StarttlsOutcome;
  readonly findings: Finding[];
  readonly anomalies: { push(anomaly: { kind: "reduced_client_hello"; detail: string }): unknown };
}

export interface Opening<Session> {
  readonly mode: TlsMode;
  readonly min_version: TlsInput["min_version"];
  readonly evidence: OpeningEvidence;
  /** The run was ended from outside. A method: a signal is made when it is asked for, and most runs never need one. */
  isEnded(): boolean;
  /** A session on a new connection after greeting and capabilities, secured in this way. */
  open(way: Way): Promise<Session>;
}

/**
 * Opens a session that is secured as requested.
 *
 * A failed handshake is retried once with a small ClientHello, because some middleboxes drop large ones. If TLS was only opportunistic, a third
 * connection continues in plain text, as a client would, and the result reports it.
 */
export function openByMode<Session>(opening: Opening<Session>): Promise<Session> {
  return opening.mode === "none" ? opening.open("none") : openWithTls(opening);
}

async function openWithTls<Session>(opening: Opening<Session>): Promise<Session> {
  try {
    return await opening.open("full");
  } catch (error) {
    if (!brokeInHandshake(error) || opening.isEnded()) throw error;
    return (await tryReduced(opening)) ?? (await tryInTheClear(opening, error));
  }
}

function brokeInHandshake(error: unknown): error is FailureError {
  return error instanceof FailureError && error.failure.phase === "tls" && !["tls_certificate", "cancelled"].includes(error.failure.code);
}

async function tryReduced<Session>(opening: Opening<Session>): Promise<Session | null> {
  if (opening.min_version === "TLSv1.3") return null;
  try {
    const session = await opening.open("reduced");
    opening.evidence.anomalies.push({ kind: "reduced_client_hello", detail: "only a small TLS 1.2 ClientHello was answered" });
    return session;
  } catch (error) {
    if (brokeInHandshake(error) && !opening.isEnded()) return null;
    throw error;
  }
}

async function tryInTheClear<Session>(opening: Opening<Session>, broke: FailureError): Promise<Session> {
  const { mode, evidence } = opening;
  if (mode !== "opportunistic") throw broke;
  const outcome = evidence.starttls;
  const session = await opening.open("none");
  evidence.starttls = outcome;
  evidence.findings.push(
    finding("warning", "tls_downgrade", `TLS failed (${broke.failure.message}); the run went on in the clear, on a new connection`, "TLS", "plain text"),
  );
  return session;
}
