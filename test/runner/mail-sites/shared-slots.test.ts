import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Limits, NO_LIMITS } from "../../../runner/limits/limits.js";
import { SharedSlots } from "../../../runner/mail-sites/shared-slots.js";
import { BehaviourStore } from "../../../runner/mail-sites/store.js";

let folder: string;
let now: number;
const stores: BehaviourStore[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-places-"));
  now = 1_000_000;
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

/** As another process would open it. */
function store(): BehaviourStore {
  const opened = new BehaviourStore(join(folder, "behaviour.db"), () => now);
  stores.push(opened);
  return opened;
}

const LIMITS: Limits = { ...NO_LIMITS, all: { atOnce: 3, rate: null }, eachKey: { atOnce: 2, rate: null } };

test("two processes have together as many places as one", () => {
  const [one, two] = [store(), store()];
  const wanted = [
    ["all", 3],
    ["site a", 2],
  ] as const;
  expect(one.takeSlots("first", wanted, 30_000)).toBe(true);
  expect(two.takeSlots("second", wanted, 30_000)).toBe(true);
  expect(one.takeSlots("third", wanted, 30_000)).toBe(false);
  expect(one.takeSlots("third", [["all", 3]], 30_000)).toBe(true);
  // Of both keys or of none.
  expect(two.takeSlots("fourth", [["site b", 2] as const, ["all", 3] as const], 30_000)).toBe(false);
  two.returnSlots("second");
  expect(one.takeSlots("fourth", wanted, 30_000)).toBe(true);
});

test("the places of a process that was killed are free after a while, those of one that lives are not", () => {
  const [one, two] = [store(), store()];
  expect(one.takeSlots("killed", [["site a", 1]], 30_000)).toBe(true);
  expect(one.takeSlots("alive", [["site b", 1]], 30_000)).toBe(true);
  now += 20_000;
  one.renewSlots("alive", 30_000);
  now += 15_000;
  expect(two.takeSlots("next", [["site a", 1]], 30_000)).toBe(true);
  expect(two.takeSlots("next", [["site b", 1]], 30_000)).toBe(false);
});

test("a batch waits until another process gives its place back, or the list is stopped", async () => {
  const { signal } = new AbortController();
  const [one, two] = [new SharedSlots(store(), LIMITS), new SharedSlots(store(), LIMITS)];
  const held = [await one.enter("a", signal), await two.enter("a", signal)];
  const stopping = new AbortController();
  const stopped = two.enter("a", stopping.signal);
  stopping.abort();
  expect(await stopped).toBeNull();
  const waiting = one.enter("a", signal);
  held[1]?.();
  const third = await waiting;
  expect(third).not.toBeNull();
  for (const giveBack of [held[0], third]) giveBack?.();
});
