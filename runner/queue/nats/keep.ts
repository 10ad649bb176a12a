import type { Keeping, SettleAnswer } from "../backend.js";
import type { Place } from "./channel-context.js";
import { inTurn, type Leased, recordOf } from "./leased.js";

export function keepAll(place: Place, keepings: readonly Keeping[]): Promise<SettleAnswer[]> {
  return Promise.all(
    keepings.map(({ delivery, text }) => {
      const leased = delivery as Leased;
      return inTurn(leased, () => keepOne(place, leased, text));
    }),
  );
}

/** The text first, and then the record that names it: until then, and for whoever lost the lease, what was kept before is what counts. */
async function keepOne({ requests, names, leases }: Place, leased: Leased, text: string): Promise<SettleAnswer> {
  const keptAt = await requests.write({ stream: names.kept, subject: names.keptText(leased.token), body: text });
  const fence = await leases.write(leased.token, { ...recordOf(leased), kept: keptAt }, leased.fence);
  await forget({ requests, names }, fence === null ? keptAt : leased.keptAt);
  if (fence === null) return "lost";
  leased.fence = fence;
  leased.keptAt = keptAt;
  return "stored";
}

/** Null: nothing was kept. */
export async function readKept({ requests, names, client }: Place, keptAt: number | null): Promise<string | null> {
  if (keptAt === null) return null;
  const stored = await requests.retried(() => client.manager.streams.getMessage(names.kept, { seq: keptAt }));
  return stored === null ? null : stored.string();
}

export async function forget({ requests, names }: Pick<Place, "requests" | "names">, keptAt: number | null): Promise<void> {
  if (keptAt !== null) await requests.remove(names.kept, keptAt);
}
