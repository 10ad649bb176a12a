import { vi } from "vitest";
import { History } from "../../../runner/history/history.js";
import { LocalHistory } from "../../../runner/history/history-client.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../runner/suite/read.js";
import { Book } from "../../../runner/watch/book.js";
import { Objectives } from "../../../runner/watch/objectives/objective.js";
import type { Ran } from "../../../runner/watch/run-check.js";
import { type WatchedCheck, watchPlanOf } from "../../../runner/watch/watch-plan.js";
import { Watcher } from "../../../runner/watch/watcher.js";
import type { IncidentEvent } from "../../../schemas/incident-event.js";

export interface Simulated {
  readonly history: History;
  readonly book: Book;
  readonly watcher: Watcher;
  /** Runs that began, in order. */
  readonly begun: { readonly name: string; readonly at: number }[];
  /** Advances the clock. */
  pass(ms: number): Promise<void>;
  /** As it was sent to the one receiver: `error c1`. */
  notifications(): string[];
  events(): IncidentEvent[];
  rows<Row>(sql: string): Row[];
  close(): Promise<void>;
}

/** A watch on a clock that the test moves, whose checks fail when the test says so. Call it with vitest's fake timers. */
export async function simulate(text: string, fails: (name: string, now: number) => boolean, history = new History(IN_MEMORY), runMs = 5): Promise<Simulated> {
  const plan = await watchPlanOf(await readSuite("checks.yaml", text, {}));
  const begun: { name: string; at: number }[] = [];
  const client = new LocalHistory(history, () => undefined);
  const book = await Book.open(plan, client, { onChange: () => undefined, onTrouble: () => undefined }, Date.now());
  const objectives = new Objectives(book);
  const watcher = new Watcher(book, {
    most: 100_000,
    now: Date.now,
    onError(error) {
      throw error;
    },
    onResult(check, { outcome }) {
      if (outcome === "error") void objectives.failed(check, Date.now());
    },
    run: async ({ planned: { check } }: WatchedCheck): Promise<Ran> => {
      const name = check.name as string;
      begun.push({ name, at: Date.now() });
      const hasFailed = fails(name, Date.now());
      await new Promise((resolve) => setTimeout(resolve, runMs));
      return { outcome: hasFailed ? "error" : "ok", report: null, reasons: hasFailed ? ["refused"] : [], isCancelled: false };
    },
  });
  const housekeeping = setInterval(() => void objectives.look(Date.now()), 30_000);
  watcher.start();
  const events = (): IncidentEvent[] =>
    (history.driver.prepare("SELECT body FROM outbox ORDER BY rowid").all() as { body: string }[]).map(({ body }) => JSON.parse(body) as IncidentEvent);
  return {
    history,
    book,
    watcher,
    begun,
    pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
    notifications: () => events().map(({ data }) => `${data.kind} ${data.check.replace("network.tcp ", "")}`),
    events,
    rows: <Row>(sql: string) => history.driver.prepare(sql).all() as Row[],
    async close() {
      clearInterval(housekeeping);
      const stopped = watcher.stop();
      await vi.advanceTimersByTimeAsync(1000);
      await stopped;
    },
  };
}

/** A suite of checks with these names, and words for the watch of each. */
export function suiteOf(watch: string, checks: Readonly<Record<string, string>>): string {
  const lines = Object.entries(checks).map(
    ([name, words]) => `  - { probe: network.tcp, name: ${name}, input: { target_host: 127.0.0.1, target_port: 25 }${words === "" ? "" : `, ${words}`} }`,
  );
  return `name: simulated\nwatch: { notify: [{ to: "https://hook.example/" }]${watch === "" ? "" : `, ${watch}`} }\nchecks:\n${lines.join("\n")}\n`;
}

export const numbered = (count: number, words = ""): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, words]));
