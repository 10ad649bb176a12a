import { expect, test } from "vitest";
import type { ChecksAnswer } from "../../../../schemas/status-api.js";
import { realServer } from "../../../support/real-servers.js";
import { openFleet, type Program } from "./fleet.js";

const TIMEOUT = { timeout: 60_000, interval: 250 };
const LISTEN = ["--listen", "127.0.0.1:0"];

async function pageOf(watch: Program, name: string): Promise<string> {
  const [, address] = /serving (http:\/\/\S+)\/metrics/.exec(watch.text()) ?? [];
  const { checks } = (await (await fetch(`${address}/api/v1/checks`)).json()) as ChecksAnswer;
  const { key } = checks.find((check) => check.name.endsWith(name)) as { key: string };
  return (await fetch(`${address}/check/${key}`)).text();
}

realServer("the pages of two watches whose checks workers run", ["redis-server"], () => {
  test("both show the operations of the last run, their percentiles, and the envelope of a failure", { timeout: 200_000 }, async () => {
    const fleet = await openFleet();
    try {
      fleet.write(2, "locations: [fra, nyc], fire_after: 1");
      for (const place of ["fra", "nyc"]) fleet.work(place);
      fleet.site.down.add("/1");
      const watches = await Promise.all([fleet.watch("one.db", LISTEN), fleet.watch("two.db", LISTEN)]);
      await expect.poll(() => Math.min(...["one.db", "two.db"].map((file) => fleet.facts(file).measured.size)), TIMEOUT).toBeGreaterThan(6);
      for (const watch of watches) {
        const fine = await pageOf(watch, "c0");
        expect(fine).not.toContain("No run has ended");
        // Drawn, counted over the last runs, and counted in the history.
        for (const part of ["Last run", "Percentiles by operation", "Operations over 24 hours"]) expect(fine).toContain(part);
        expect(fine.match(/<th scope="row">connect<\/th>/g)?.length).toBeGreaterThanOrEqual(2);
        expect(fine).toContain("Envelope of the last run: it was not kept.");
        const failing = await pageOf(watch, "c1");
        expect(failing).toContain("<summary>Envelope of the last run</summary>");
        expect(failing).toContain("<summary>Envelope of the newest failure</summary>");
        expect(failing).not.toContain("token-of-fra");
      }
      // Every run of either location counts.
      const [, count = "0"] = /<th scope="row">connect<\/th><td class="number">(\d+)</.exec(await pageOf(watches[0] as Program, "c0")) ?? [];
      const slots = [...fleet.facts("one.db").measured].filter((slot) => slot.startsWith("c0@")).length;
      expect(Number(count)).toBeGreaterThan(slots);
    } finally {
      await fleet.close();
    }
  });
});
