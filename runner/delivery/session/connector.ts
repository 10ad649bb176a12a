import type { HostTls } from "../../tls-policy/policy.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import type { Destination } from "../route/destination.js";
import type { Attempt } from "../transaction/attempt.js";
import { openDirect } from "./open-direct.js";
import { openRelay } from "./open-relay.js";
import { OpenSemaphore } from "./open-semaphore.js";
import { SessionPool } from "./pool.js";
import type { Endpoint, PooledSession } from "./pooled-session.js";

/** Opens sessions with the endpoints of destinations, and keeps them open between messages. */
export class Connector {
  readonly #semaphore = new OpenSemaphore();
  readonly #pool = new SessionPool();

  /** An idle session of the destination; null if there is none. */
  reuse(destination: Destination): PooledSession | null {
    return this.#pool.take(destination);
  }

  /** A new session, as soon as the process may open another one. Throws what prevented it. */
  async open(message: OutboundMessage, destination: Destination, endpoint: Endpoint, attempt: Attempt): Promise<PooledSession> {
    this.#pool.makeRoom(destination.limiter);
    const { settings, run } = message;
    const { sourceAddress, relay, policyProblem } = destination;
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
    else if (idleMs > 0 || limiter.waiting > 0) this.#pool.keep(limiter, session, idleMs);
    else await session.leave();
  }

  close(): void {
    this.#pool.close();
  }
}
