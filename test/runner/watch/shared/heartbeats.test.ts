import { expect, test } from "vitest";
import { realServer } from "../../../support/real-servers.js";
import { differences, type Facts, openFleet, type Program, reportedBy } from "./fleet.js";

const TIMEOUT = { timeout: 60_000, interval: 250 };
const TOKEN = "a-token-that-is-long-enough";
const LISTEN = ["--listen", "127.0.0.1:0"];

async function request(watch: Program): Promise<number> {
  const [, address] = /serving (http:\/\/\S+)\/metrics/.exec(watch.text()) ?? [];
  return (await fetch(`${address}/heartbeat/${TOKEN}`)).status;
}

realServer("two watches with a queue, and a job that reports itself", ["redis-server"], () => {
  test("what one of them hears, both record; what is missing is reported once", { timeout: 200_000 }, async () => {
    const fleet = await openFleet();
    const { receiver } = fleet;
    try {
      fleet.write(1, `locations: [fra], heartbeats: [{ name: backup, every: 4s, grace: 2s, token: ${TOKEN} }]`);
      fleet.work("fra");
      const [one, two] = await Promise.all([fleet.watch("one.db", LISTEN), fleet.watch("two.db", LISTEN)]);
      const facts = (): [Facts, Facts] => [fleet.facts("one.db"), fleet.facts("two.db")];
      const last = (): string[] => facts().map(({ results }) => [...results].filter(([slot]) => slot.startsWith("heartbeat ")).at(-1)?.[1] ?? "none");
      expect(await request(one)).toBe(200);
      await expect.poll(last, TIMEOUT).toEqual(["ok", "ok"]);
      await expect.poll(() => reportedBy(receiver), TIMEOUT).toEqual(["error heartbeat backup"]);
      expect(receiver.taken[0]?.data.reason).toMatch(/^missing: expected by /);
      expect(await request(two)).toBe(200);
      await expect.poll(() => reportedBy(receiver).slice(0, 2), TIMEOUT).toEqual(["error heartbeat backup", "recovered heartbeat backup"]);
      await Promise.all([one, two].map((watch) => watch.kill("SIGTERM")));
      const [first, second] = facts();
      expect(differences(first, second)).toEqual([]);
      expect([...first.results.values()].filter((outcome) => outcome === "warning").length).toBeGreaterThan(0);
      expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(receiver.taken.length);
    } finally {
      await fleet.close();
    }
  });
});
