import type { HostTls } from "../../tls-policy/policy.js";
import type { Engine } from "../engine.js";
import type { Order } from "../message/outbound-message.js";
import type { Destination } from "../route/destination.js";
import type { Attempt } from "../transaction/attempt.js";
import { openDirect } from "./open-direct.js";
import { openRelay } from "./open-relay.js";
import type { Door, PooledSession } from "./pooled-session.js";

/** Opens a session at one door of a destination, when the process has room for one more that is being opened. */
export async function opened(engine: Engine, order: Order, destination: Destination, door: Door, attempt: Attempt): Promise<PooledSession> {
  const { manners, run } = order;
  const { sourceAddress, relay } = destination;
  const common = { manners, sourceAddress, key: destination.keyOf(door.host), attempt, secrets: run.secrets, deadline: run.deadline };
  const leave = await engine.gate.enter();
  try {
    if (relay !== null) return await openRelay(relay, common);
    return await openDirect({ ...common, door, rule: destination.ruleOf(door.host) as HostTls });
  } finally {
    leave();
  }
}
