import { expect, test } from "vitest";
import { History } from "../../../../runner/history/history.js";
import { OUTCOMES } from "../../../../runner/history/schema.js";
import { IN_MEMORY } from "../../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../../runner/suite/read.js";
import type { Entry } from "../../../../runner/watch/shared/entries.js";
import { type WatchedCheck, watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { randomFrom } from "../../../support/random.js";
import { numbered, suiteOf } from "../simulated.js";
import { openReader } from "./readers.js";

const SLOT = 60_000;
const SLOTS = 12;
const PLACES = ["fra", "nyc", "sgp"];
/** When nothing works, at no location. */
const OUTAGE = { from: 3.4 * SLOT, to: 6.6 * SLOT };
/** Jobs wait for their worker for up to this long, so they overtake each other; a slot ends after two slots, whatever is missing. */
const MOST_LATE = 1.8 * SLOT;
const OVER_AFTER = 2 * SLOT;

type Event = { readonly at: number } & (
  | { readonly kind: "run"; readonly key: string; readonly slot: number; readonly place: string }
  | { readonly kind: "over"; readonly key: string; readonly slot: number }
);

/** What the six checks of a suite recorded, as `c0 error`, and their incidents, when their jobs ran in an order that the seed decides. */
async function outcomesOf(seed: number, watch: string, words = ""): Promise<{ readonly results: string[]; readonly incidents: string[] }> {
  const random = randomFrom(seed);
  const plan = await watchPlanOf(
    await readSuite("checks.yaml", suiteOf(`${watch}quorum: 2, locations: [${PLACES.join(", ")}]`, { ...numbered(6, words), c0: "" }), {}),
  );
  const history = new History(IN_MEMORY);
  let now = 0;
  let id = 0;
  const events: Event[] = [];
  const begin = ({ key }: WatchedCheck, slot: number): number => {
    for (const place of PLACES) events.push({ kind: "run", key, slot, place, at: Math.max(now, slot) + random() * MOST_LATE });
    events.push({ kind: "over", key, slot, at: Math.max(now, slot) + OVER_AFTER });
    return slot;
  };
  const { conclusions } = await openReader(plan, PLACES, history, { ask: begin });
  const say = async (entry: Entry): Promise<void> => {
    id += 1;
    conclusions.apply(entry, { id: `${Math.floor(now)}-${id}`, at: Math.floor(now) }, `${Math.floor(now)}-${id - 1}`);
    await conclusions.stored(async () => undefined);
  };
  for (let slot = 1; slot <= SLOTS; slot += 1) for (const check of plan.checks) begin(check, slot * SLOT);
  while (events.length > 0) {
    events.sort((a, b) => b.at - a.at);
    const event = events.pop() as Event;
    now = event.at;
    if (event.kind === "run") {
      const isDown = now >= OUTAGE.from && now < OUTAGE.to;
      const said = { outcome: isDown ? "error" : "ok", durationMs: 5, reason: isDown ? "refused" : null, output: null, run: null } as const;
      await say({ kind: "report", key: event.key, at: event.slot, location: event.place, certificates: [], ...said });
    } else if (event.slot > conclusions.endedAt(event.key)) await say({ kind: "over", key: event.key, at: event.slot });
    for (const entry of conclusions.decisions()) await say(entry);
  }
  const all = <Row>(sql: string): Row[] => history.driver.prepare(sql).all() as Row[];
  const results = all<{ name: string; outcome: number }>("SELECT name, outcome FROM results JOIN checks ON checks.id = check_id WHERE name LIKE 'network.%'");
  const incidents = all<{ name: string }>("SELECT DISTINCT name FROM incidents JOIN checks ON checks.id = check_id");
  history.close();
  return {
    results: results.map(({ name, outcome }) => `${nameOf(name)} ${OUTCOMES[outcome]}`),
    incidents: incidents.map(({ name }) => nameOf(name)),
  };
}

const nameOf = (check: string): string => check.replace("network.tcp ", "");

/** A quick run has fewer. */
const SEEDS = Array.from({ length: process.env.CI === "true" ? 40 : 10 }, (_, index) => index + 1);

test("whatever order the jobs of an outage run in, none of its failures is a check's own", async () => {
  for (const seed of SEEDS) {
    const { results, incidents } = await outcomesOf(seed, "canaries: [c0, c1], ");
    expect(
      results.filter((line) => line.endsWith(" error")),
      `seed ${seed}`,
    ).toEqual([]);
    expect(results.filter((line) => line.endsWith(" unknown")).length, `seed ${seed}`).toBeGreaterThan(6);
    expect(incidents, `seed ${seed}`).toEqual(["the watch itself"]);
  }
});

test("… and those of checks that depend on another one are suppressed", async () => {
  for (const seed of SEEDS) {
    const { results, incidents } = await outcomesOf(seed, "", "watch: { depends_on: [c0] }");
    expect([...new Set(results.filter((line) => line.endsWith(" error")))], `seed ${seed}`).toEqual(["c0 error"]);
    expect(results.filter((line) => line.endsWith(" suppressed")).length, `seed ${seed}`).toBeGreaterThan(6);
    expect(incidents, `seed ${seed}`).toEqual(["c0"]);
  }
});
