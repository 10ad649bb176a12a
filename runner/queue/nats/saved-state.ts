import type { SettleAnswer, StateUpdate } from "../backend.js";
import type { ChannelContext } from "./channel-context.js";
import { inSequence, type NatsLease, recordOf } from "./nats-lease.js";

export function saveStates(context: ChannelContext, updates: readonly StateUpdate[]): Promise<SettleAnswer[]> {
  return Promise.all(
    updates.map(({ message, state }) => {
      const leased = message as NatsLease;
      return inSequence(leased, () => saveOne(context, leased, state));
    }),
  );
}

/** The state is written first, then the record that refers to it: until then, and if the lease is lost, the previous state counts. */
async function saveOne({ requests, names, leases }: ChannelContext, leased: NatsLease, text: string): Promise<SettleAnswer> {
  const sequence = await requests.write({ stream: names.states, subject: names.state(leased.token), body: text });
  const fence = await leases.write(leased.token, { ...recordOf(leased), kept: sequence }, leased.fence);
  await removeState({ requests, names }, fence === null ? sequence : leased.stateSequence);
  if (fence === null) return "lost";
  leased.fence = fence;
  leased.stateSequence = sequence;
  return "stored";
}

/** Null: no state was saved. */
export async function readState({ requests, names, client }: ChannelContext, sequence: number | null): Promise<string | null> {
  if (sequence === null) return null;
  const stored = await requests.retry(() => client.manager.streams.getMessage(names.states, { seq: sequence }));
  return stored === null ? null : stored.string();
}

export async function removeState({ requests, names }: Pick<ChannelContext, "requests" | "names">, sequence: number | null): Promise<void> {
  if (sequence !== null) await requests.remove(names.states, sequence);
}
