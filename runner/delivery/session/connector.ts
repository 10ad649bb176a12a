import type { Endpoint } from "../../mail-sites/endpoint.js";
import type { PooledSession } from "../../mail-sites/pooled-session.js";
import type { SessionPool } from "../../mail-sites/session-pool.js";
import type { HostTls } from "../../tls-policy/policy.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import type { Destination } from "../route/destination.js";
import type { Attempt } from "../transaction/attempt.js";
import { openDirect } from "./open-direct.js";
import { openRelay } from "./open-relay.js";
import { OpenSemaphore } from "./open-semaphore.js";

/** Opens sessions with the endpoints of destinations, and keeps them open between messages. */
export class Connector {
  readonly #semaphore = new OpenSemaphore();

  constructor(readonly pool: SessionPool) {}

  /** An idle session of the destination; null if there is none. */
  reuse({ limiter, hosts, keyOf }: Destination): PooledSession | null {
    return this.pool.take(limiter.name, ({ endpoint: { host }, key }) => hosts.has(host) && key === keyOf(host), limiter.messagesPerSession);
  }

  /** A new session, as soon as the process may open another one. Throws what prevented it. */
  async open(message: OutboundMessage, destination: Destination, endpoint: Endpoint, attempt: Attempt): Promise<PooledSession> {
    const { limiter, sourceAddress, relay, policyProblem } = destination;
    await this.pool.makeRoom(limiter.name, limiter.busy, limiter.limits.sessions);
    const { settings, run } = message;
    const common = {
      settings,
      sourceAddress,
      key: destination.keyOf(endpoint.host),
      attempt,
      secrets: run.secrets,
      targets: run.targets,
      deadline: run.deadline,
    };
    const leave = await this.#semaphore.enter();
    try {
      if (relay !== null) return await openRelay(relay, common);
      return await openDirect({ ...common, endpoint, tls: destination.tlsOf(endpoint.host) as HostTls, policyProblem });
    } finally {
      leave();
    }
  }

  /** Takes back a session after a message: kept for the next one, or closed. */
  async release({ settings }: OutboundMessage, { limiter }: Destination, session: PooledSession): Promise<void> {
    if (!session.isUsable) return session.close();
    const { idle_ms: idleMs } = settings.limits;
    if (session.used >= limiter.messagesPerSession) session.leaveInBackground();
    else if (idleMs > 0 || limiter.waiting > 0) this.pool.keep(limiter.name, session, idleMs);
    else await session.leave();
  }
}
