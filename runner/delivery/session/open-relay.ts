import type { RelayInput } from "../../../schemas/delivery-settings.js";
import { PooledSession } from "../../mail-sites/pooled-session.js";
import { SessionState } from "../../net/smtp/session-state.js";
import type { SubmissionOptions } from "../../net/smtp/submission.js";
import { nothingLearned, openSubmission } from "../../net/smtp/submission.js";
import { FailureError } from "../../run/failure-error.js";
import type { Opening } from "./open-direct.js";

const IMPLICIT_PORT = 465;
const SUBMISSION_PORT = 587;

export function portOf({ port, tls }: RelayInput): number {
  return port ?? (tls.mode === "implicit" ? IMPLICIT_PORT : SUBMISSION_PORT);
}

type RelayOpening = Omit<Opening, "endpoint" | "tls" | "policyProblem">;

/** A session with a relay, secured and logged in as the settings require. Throws what prevented it. */
export async function openRelay(relay: RelayInput, opening: RelayOpening): Promise<PooledSession> {
  const { attempt, key, secrets, targets, deadline } = opening;
  const state = new SessionState(secrets, targets);
  state.use(attempt.recorder, deadline);
  const facts = nothingLearned();
  try {
    const session = await openSubmission(state.context, optionsOf(relay, opening), facts);
    const { remoteAddress, remotePort, tls } = session.connection;
    attempt.record.tls_version = tls?.version ?? null;
    attempt.record.tls = tls === null ? "none" : "secured";
    const endpoint = { host: relay.host, ipAddress: remoteAddress, port: remotePort };
    return new PooledSession(session, state, endpoint, key, facts.helo_domain ?? "", attempt.record.tls);
  } catch (error) {
    if (error instanceof FailureError && (error.failure.phase === "tls" || error.failure.phase === "starttls")) attempt.record.tls = "failed";
    state.end();
    throw error;
  } finally {
    attempt.record.ip_address = facts.dialled.findLast(({ outcome }) => outcome === "connected")?.ip_address ?? facts.dialled.at(-1)?.ip_address ?? null;
  }
}

function optionsOf(relay: RelayInput, { settings, sourceAddress }: RelayOpening): SubmissionOptions {
  const port = portOf(relay);
  return {
    host: relay.host,
    port,
    address_family: settings.address_family,
    connect_timeout_ms: settings.connect_timeout_ms,
    command_timeout_ms: settings.command_timeout_ms,
    ...(settings.resolver === undefined ? {} : { resolver: settings.resolver }),
    ...(sourceAddress === null ? {} : { source_address: sourceAddress }),
    ...(settings.helo_domain === null ? {} : { helo_domain: settings.helo_domain }),
    tls: { ...relay.tls, mode: relay.tls.mode ?? (port === IMPLICIT_PORT ? "implicit" : "starttls") },
    ...(relay.auth === undefined ? {} : { auth: relay.auth }),
  };
}
