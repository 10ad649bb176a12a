import type { DeliveryAttempt } from "../../../schemas/delivery-attempt.js";
import type { Failure } from "../../../schemas/failure.js";
import type { TlsResultType } from "../../../schemas/tls-policy.js";
import type { Endpoint } from "../../mail-sites/endpoint.js";
import { openSession, type TlsRequirement } from "../../mail-sites/open-session.js";
import { PooledSession } from "../../mail-sites/pooled-session.js";
import { has } from "../../net/smtp/capabilities.js";
import { heloDomain } from "../../net/smtp/commands.js";
import { leave } from "../../net/smtp/leave.js";
import { replyText } from "../../net/smtp/reply.js";
import type { SmtpSession } from "../../net/smtp/session.js";
import { SessionState } from "../../net/smtp/session-state.js";
import type { Upgrade } from "../../net/smtp/upgrade.js";
import type { Deadline } from "../../run/deadline.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { judgeTls, tlsSessionOf } from "../../tls-policy/judge.js";
import type { HostTls, TlsJudgement, TlsSession } from "../../tls-policy/policy.js";
import type { TransportSettings } from "../message/outbound-message.js";
import { ownNames } from "../route/own-names.js";
import type { Attempt } from "../transaction/attempt.js";

/** Everything that opening a session with a mail host depends on. */
export interface Opening {
  readonly settings: TransportSettings;
  readonly endpoint: Endpoint;
  readonly sourceAddress: string | null;
  readonly key: string;
  /** The TLS that the host requires. */
  readonly tls: HostTls;
  /** The error of the domain's TLS policy. */
  readonly policyProblem: TlsResultType | null;
  readonly attempt: Attempt;
  readonly secrets: SecretKeeper;
  readonly targets: WireRun["targets"];
  readonly deadline: Deadline;
}

/** A session with a mail host after EHLO, secured as required. Throws what prevented it. */
export async function openDirect(opening: Opening): Promise<PooledSession> {
  const { endpoint, settings, sourceAddress, attempt, key } = opening;
  const state = new SessionState(opening.secrets, opening.targets);
  state.use(attempt.recorder, opening.deadline);
  let isLeaving = false;
  try {
    const { session, record, helloName } = await openSession<DeliveryAttempt>({
      context: state.context,
      target: {
        host: endpoint.ipAddress ?? endpoint.host,
        port: endpoint.port,
        address_family: "any",
        connect_timeout_ms: settings.connect_timeout_ms,
        command_timeout_ms: settings.command_timeout_ms,
        ...(sourceAddress === null ? {} : { source_address: sourceAddress }),
      },
      helloName: (connection) => heloDomain(settings.helo_domain ?? undefined, connection),
      tls: opening.tls.level === "none" ? null : tlsRequirement(opening),
      dialled: () => attempt.record,
      introduced: (opened, reply, name) => {
        refuseOwnName(replyText(reply), name, endpoint);
        requireRequireTls(opened, opening.tls);
      },
      abandon: (abandoned) => {
        if (abandoned.connection.broken !== null) return;
        // A server that is slow to answer QUIT must not delay the message.
        isLeaving = true;
        state.letGo();
        void leave(abandoned).finally(() => state.end());
      },
    });
    return new PooledSession(session, state, endpoint, key, helloName, record.tls);
  } catch (error) {
    if (!isLeaving) state.end();
    throw error;
  }
}

/** Nothing is sent in a session that violates the host's policy. */
function tlsRequirement(opening: Opening): TlsRequirement {
  const { tls, settings, deadline, attempt } = opening;
  const { ca } = settings.tls;
  return {
    options: { host: tls.servername, min_version: tls.minVersion, ...(ca === undefined ? {} : { ca }) },
    enforce: (upgraded, { connection }) => {
      if (upgraded.kind === "secured") attempt.record.tls_version = upgraded.tls.version;
      const { satisfied, problem } = judged(opening, tlsSessionOf(connection));
      if (!satisfied) throw refusalOf(upgraded) ?? new FailureError(problem as Failure);
    },
    mayGoPlain: ({ failure }) => judged(opening, { kind: "broken", failure }).mayGoPlain && deadline.reason === null,
  };
}

function refusalOf(upgraded: Upgrade): FailureError | null {
  return upgraded.kind === "refused" ? upgraded.refusal : null;
}

function judged({ tls, attempt, policyProblem }: Opening, session: TlsSession): TlsJudgement {
  const judgement = judgeTls(tls, session);
  attempt.record.tls_result = judgement.result.result_type ?? policyProblem;
  return judgement;
}

function requireRequireTls(session: SmtpSession, { host, requireTls }: HostTls): void {
  if (session.connection.tls === null || !requireTls || has(session.capabilities, "REQUIRETLS")) return;
  throw failureError("ehlo", "unsupported", `${host} does not offer REQUIRETLS, which the message asks for`);
}

/** A server that greets with our own name is this machine, or believes to be: the message would loop (5.4.6). */
function refuseOwnName(greeting: string, helloName: string, { host }: Endpoint): void {
  const [name = ""] = greeting.split(/\s/, 1);
  if (!ownNames(helloName).has(name.toLowerCase())) return;
  throw failureError("ehlo", "not_permitted", `mail loop: ${host} calls itself ${name}, which is our own name`);
}
