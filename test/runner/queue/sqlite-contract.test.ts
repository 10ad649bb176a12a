import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../../runner/queue/sqlite/backend.js";
import { describeBackend } from "./backend-contract.js";

describeBackend("sqlite:", {
  leaseMs: 300,
  async fresh() {
    const folder = await mkdtemp(join(tmpdir(), "probe-run-queue-"));
    return { open: (options) => openSqlite(join(folder, "queue.db"), options), remove: () => rm(folder, { recursive: true }) };
  },
});
