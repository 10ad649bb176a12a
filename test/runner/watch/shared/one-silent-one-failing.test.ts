import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { realServer } from "../../../support/real-servers.js";
import { openFleet, reportedBy } from "./fleet.js";

const TIMEOUT = { timeout: 90_000, interval: 250 };

/** Case 5 of the ten hard cases of watching.md, section 9. */
realServer("three locations, of which one is silent and one fails", ["redis-server"], () => {
  test("5. a quorum of two is not reached: nothing is known of the check, and the silent location is reported", { timeout: 300_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      fleet.write(1, "locations: [fra, nyc, sgp], quorum: 2, fire_after: 1, clear_after: 1");
      for (const place of ["fra", "nyc"]) fleet.work(place);
      site.down.add("/0@fra");
      await fleet.watch("history.db");
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error location sgp"]);
      expect(receiver.taken[0]?.data.reason).toBe("no worker reports from sgp");
      // Every slot in which both others reported says who is missing and who fails, and counts neither way.
      const outcomes = (): string[] => [...fleet.facts("history.db").results].filter(([slot]) => slot.startsWith("c0@")).map(([, outcome]) => outcome);
      expect(outcomes().length).toBeGreaterThan(5);
      expect(new Set(outcomes())).toEqual(new Set(["unknown"]));
      expect(fleet.facts("history.db").reasons).toContain("no report from sgp; at fra: status: expected ok or warning, got error");
      expect(fleet.facts("history.db").incidents.map(({ name }) => name)).toEqual(["location sgp"]);

      // The third location decides: now it is one failure of three, and no longer unknown.
      fleet.work("sgp");
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error location sgp", "recovered location sgp"]);
      await expect.poll(() => outcomes().slice(-2), TIMEOUT).toEqual(["warning", "warning"]);
      expect(reportedBy(receiver)).toHaveLength(2);
    } finally {
      await fleet.close();
    }
  });

  test("a worker that is killed is reported long before the deadline of its runs, and so are checks that fail meanwhile", { timeout: 300_000 }, async () => {
    const fleet = await openFleet();
    const { site, receiver } = fleet;
    try {
      fleet.write(1, "locations: [fra, nyc, sgp], quorum: 2, fire_after: 1, clear_after: 1");
      const file = join(fleet.folder, "checks.yaml");
      writeFileSync(file, readFileSync(file, "utf8").replace("timeout_ms: 2000", "timeout_ms: 600000"));
      const workers = ["fra", "nyc", "sgp"].map(fleet.work);
      await fleet.watch("history.db");
      await expect.poll(() => fleet.facts("history.db").measured.size, TIMEOUT).toBeGreaterThan(1);
      await workers[2]?.kill();
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error location sgp"]);
      site.down.add("/0");
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error location sgp", "error c0"]);
      site.down.clear();
      await expect.poll(() => reportedBy(receiver).slice(2), TIMEOUT).toEqual(["recovered c0"]);
      fleet.work("sgp");
      await expect.poll(() => reportedBy(receiver).slice(3), TIMEOUT).toEqual(["recovered location sgp"]);
    } finally {
      await fleet.close();
    }
  });
});
