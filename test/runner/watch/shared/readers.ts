import { History } from "../../../../runner/history/history.js";
import { LocalHistory } from "../../../../runner/history/history-client.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import { Book } from "../../../../runner/watch/book.js";
import { Conclusions, type ConclusionsOptions } from "../../../../runner/watch/shared/conclusions.js";
import { decode, type Entry, encode } from "../../../../runner/watch/shared/entries.js";
import type { WatchPlan } from "../../../../runner/watch/watch-plan.js";
import type { IncidentEvent } from "../../../../schemas/incident-event.js";

export interface Reader {
  readonly history: History;
  readonly book: Book;
  readonly conclusions: Conclusions;
}

/** What a watch concludes from a log, into this history. */
export async function openReader(
  plan: WatchPlan,
  locations: readonly string[],
  history = new History(IN_MEMORY),
  more: Partial<ConclusionsOptions> = {},
): Promise<Reader> {
  const nothing = (): void => undefined;
  const book = await Book.open(plan, new LocalHistory(history, () => undefined), { onChange: nothing, onTrouble: nothing, places: locations }, 0);
  const conclusions = new Conclusions(book, {
    locations,
    onBegun: nothing,
    onHeard: nothing,
    onLocation: nothing,
    onEpoch: nothing,
    onRecorded: nothing,
    onCertificates: nothing,
    onHeartbeat: async () => undefined,
    ask: (_, at) => at,
    ...more,
  });
  return { history, book, conclusions };
}

/** The reader reads this entry of the log, which was appended at this moment. */
export async function read({ conclusions }: Reader, id: string, entry: Entry, at = Number(id.split("-")[0])): Promise<void> {
  const decoded = decode(encode(entry));
  if (decoded === null) throw new Error(`no watch reads ${encode(entry)}`);
  conclusions.apply(decoded, { id, at }, id);
  await conclusions.stored(async () => undefined);
}

export function outboxOf({ history }: Reader): IncidentEvent[] {
  return (history.driver.prepare("SELECT body FROM outbox ORDER BY rowid").all() as { body: string }[]).map(({ body }) => JSON.parse(body) as IncidentEvent);
}

/** `error c1` */
export function notified(reader: Reader): string[] {
  return outboxOf(reader).map(({ data }) => `${data.kind} ${data.check.replace("network.tcp ", "")}`);
}
