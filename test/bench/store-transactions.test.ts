import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { transactionsOf } from "../../bench/support/store-transactions.js";
import { openQueue } from "../../runner/queue/queue.js";
import { message } from "../runner/queue/backend-contract.js";

test("every write to a queue is counted once; a batch is one transaction, and reading is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "probe-run-transactions-"));
  const path = join(folder, "queue.db");
  const queue = await openQueue(`sqlite:${path}`);
  try {
    const before = transactionsOf(path);
    for (const id of ["a", "b", "c"]) await queue.jobs.push([message(id)]);
    expect(transactionsOf(path) - before).toBe(3);
    await queue.jobs.push(["d", "e"].map((id) => message(id)));
    expect(transactionsOf(path) - before).toBe(4);
    await queue.jobs.counts();
    expect(transactionsOf(path) - before).toBe(4);
  } finally {
    await queue.close();
    await rm(folder, { recursive: true });
  }
});
