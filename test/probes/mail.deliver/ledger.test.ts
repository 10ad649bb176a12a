import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { newest } from "../../../probes/mail.deliver/schema.js";
import { Ledger } from "../../../runner/delivery/ledger/ledger.js";
import { loadProbe } from "../../../runner/harness/registry.js";
import { type Report, runReport } from "../../../runner/harness/run.js";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import type { LeasedMessage, Outcome, SettleAnswer } from "../../../runner/queue/backend.js";
import { execute } from "../../../runner/queue/execute.js";
import { openQueue } from "../../../runner/queue/queue.js";
import { Cancellation } from "../../../runner/run/cancellation.js";
import type { FilledOf } from "../../../schemas/contract.js";
import { closeAfterEach, inside, internet } from "../../support/delivery.js";

type DeliverOutput = FilledOf<(typeof newest)["output"]>;

closeAfterEach();

const DAY_MS = 86_400_000;
let folder: string;
let ledger: Ledger;
// The engine of a process has one ledger: the one that the environment names when it is made.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-deliver-ledger-"));
  vi.stubEnv("PROBE_RUN_DELIVERY", join(folder, "delivery.db"));
  ledger = Ledger.create(join(folder, "delivery.db"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  ledger.close();
  rmSync(folder, { recursive: true });
});

const message = { mail_from: "ada@sender.example", fields: { subject: "Hello", text: "Hello." } };

describe("the ledger named in the environment", () => {
  test("stops messages to suppressed recipients", async () => {
    ledger.suppressed.add([{ target: "bob@one.example", reason: "unsubscribe" }]);
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    const report = await runReport("mail.deliver", { ...inside(net), ...message, recipients: ["ann@one.example", "bob@one.example"] });
    const { recipients, status, failure } = report.carried as unknown as DeliverOutput;
    expect(recipients.map(({ outcome, class: found, next }) => [outcome, found, next])).toEqual([
      ["delivered", null, "nothing"],
      ["failed", "suppressed", "nothing"],
    ]);
    expect([status, failure?.code]).toEqual(["error", "not_permitted"]);
    expect(net.host("mx").messages.map(({ to }) => to)).toEqual([["ann@one.example"]]);
  });

  test("a job continues the next day with recipients beyond the quota", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    const queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
    try {
      await queue.enqueue("mail.deliver", { ...inside(net), ...message, recipients: ["ann@one.example", "cem@one.example"], warm_up: [1] });
      const [leased] = (await queue.jobs.claim({ max: 1, leaseMs: 30_000, waitMs: 1000, limits: NO_LIMITS })) as [LeasedMessage];
      const saveState = async (of: LeasedMessage, state: string) => (await queue.jobs.saveState([{ message: of, state }]))[0] as SettleAnswer;
      const executed = await execute(leased, { probes: { get: loadProbe }, mayResolve: () => true, targets: null, saveState }, new Cancellation());
      const { recipients } = (executed.report as Report).carried as unknown as DeliverOutput;
      expect(recipients.map(({ outcome, class: found }) => [outcome, found])).toEqual([
        ["delivered", null],
        ["queued", "rate"],
      ]);
      const { kind, afterMs } = executed.outcome as Extract<Outcome, { kind: "later" }>;
      const dueAt = Date.now() + afterMs;
      expect(kind).toBe("later");
      expect(Math.floor(dueAt / DAY_MS)).toBe(Math.floor(Date.now() / DAY_MS) + 1);
    } finally {
      await queue.close();
    }
  });
});
