import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Ledger } from "../../../runner/delivery/ledger/ledger.js";
import { makeKey, writeKey } from "../../../runner/mail/dkim/make-key.js";
import { SqliteSharedCache } from "../../../runner/net/dns/shared-cache.js";
import { openBackend } from "../../../runner/queue/open-backend.js";
import { openDriver } from "../../../runner/sqlite/driver.js";
import { StsCache } from "../../../runner/tls-policy/sts/cache.js";
import { message } from "./backend-contract.js";

const IS_ROOT = process.getuid?.() === 0;
const ANOTHER_USER = 4242;
let folder: string;
let umask: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-private-"));
  umask = process.umask();
});
afterEach(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true });
});
const modeOf = (...path: string[]) => (statSync(join(folder, ...path)).mode & 0o777).toString(8);

describe.each([0o000, 0o022, 0o277])("with umask %o", (mask) => {
  test("a queue, its log and its folder are accessible by their owner only", async () => {
    process.umask(mask);
    const backend = await openBackend(`sqlite:${join(folder, "own", "queue.db")}`);
    await backend.jobs?.push([message("a")]);
    expect([modeOf("own"), ...["queue.db", "queue.db-wal", "queue.db-shm"].map((name) => modeOf("own", name))]).toEqual(["700", "600", "600", "600"]);
    await backend.close();
  });

  test("so are a queue and a result file in an existing folder, and any other database", async () => {
    mkdirSync(join(folder, "shared"));
    chmodSync(join(folder, "shared"), 0o755);
    process.umask(mask);
    const backend = await openBackend(`sqlite:${join(folder, "shared", "queue.db")}`);
    await backend.close();
    const results = await openBackend(`file:${join(folder, "shared", "results.jsonl")}`);
    await results.results.push([message("a")]);
    await results.close();
    openDriver(join(folder, "shared", "cache.db")).close();
    expect(["queue.db", "results.jsonl", "cache.db"].map((name) => modeOf("shared", name))).toEqual(["600", "600", "600"]);
  });
});

describe.each([0o000, 0o022, 0o277])("folders of caches and ledgers with umask %o", (mask) => {
  test("are accessible by their owner only, with all missing parents and their files", () => {
    process.umask(mask);
    new SqliteSharedCache(join(folder, "a", "b", "dns.db")).close();
    Ledger.create(join(folder, "c", "d", "ledger.db")).close();
    expect([modeOf("a"), modeOf("a", "b"), modeOf("c"), modeOf("c", "d")]).toEqual(["700", "700", "700", "700"]);
    expect([modeOf("a", "b", "dns.db"), modeOf("c", "d", "ledger.db")]).toEqual(["600", "600"]);
  });

  test("so are DKIM keys and cached MTA-STS policies", async () => {
    process.umask(mask);
    await writeKey(join(folder, "keys", "example.org", "default.pem"), await makeKey("ed25519", 0));
    new StsCache(join(folder, "sts", "policies.db"), Date.now).close();
    expect([modeOf("keys"), modeOf("keys", "example.org")]).toEqual(["700", "700"]);
    expect(modeOf("keys", "example.org", "default.pem")).toMatch(/^[46]00$/);
    expect([modeOf("sts"), modeOf("sts", "policies.db")]).toEqual(["700", "600"]);
  });

  test("a user's folder keeps its mode, and .probe-run becomes private if an earlier release left it open", async () => {
    for (const name of ["theirs", ".probe-run"]) {
      mkdirSync(join(folder, name));
      chmodSync(join(folder, name), 0o755);
    }
    process.umask(mask);
    for (const name of ["theirs", ".probe-run"]) Ledger.create(join(folder, name, "ledger.db")).close();
    expect([modeOf("theirs"), modeOf(".probe-run")]).toEqual(["755", "700"]);
    chmodSync(join(folder, ".probe-run"), 0o755);
    await (await openBackend(`sqlite:${join(folder, ".probe-run", "queue.db")}`)).close();
    expect(modeOf(".probe-run")).toBe("700");
  });
});

describe.runIf(IS_ROOT)("in a world-writable folder", () => {
  beforeEach(() => chmodSync(folder, 0o1777));

  test.each(["sqlite:", "file:"])("a file of another user is rejected (%s)", async (scheme) => {
    writeFileSync(join(folder, "x"), "");
    chownSync(join(folder, "x"), ANOTHER_USER, ANOTHER_USER);
    await expect(openBackend(`${scheme}${join(folder, "x")}`)).rejects.toMatchObject({
      code: "not_a_queue",
      message: expect.stringContaining("of another user"),
    });
  });

  test.each(["sqlite:", "file:"])("a symbolic link of another user is rejected, whether or not its target exists (%s)", async (scheme) => {
    const { lchownSync } = await import("node:fs");
    for (const [name, target] of [
      ["dangling", join(folder, "nowhere")],
      ["leading", join(folder, "target")],
    ] as const) {
      writeFileSync(join(folder, "target"), "");
      symlinkSync(target, join(folder, name));
      lchownSync(join(folder, name), ANOTHER_USER, ANOTHER_USER);
      await expect(openBackend(`${scheme}${join(folder, name)}`)).rejects.toMatchObject({
        message: expect.stringContaining("a symbolic link of another user"),
      });
    }
    expect(() => statSync(join(folder, "nowhere"))).toThrow();
  });
});
