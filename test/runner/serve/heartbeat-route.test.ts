import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ChecksAnswer, CheckView } from "../../../schemas/status-api.js";
import { probeRun } from "../cli/command-line.js";
import { startReceiver, startSwitch, startWatching, type Watching } from "../watch/watching.js";

const TOKEN = "4f1c0b7e-token-of-the-backup";
const OTHER = "9d2a6c3b-token-of-the-rotation";
let folder: string;
let watching: Watching;
let site: Awaited<ReturnType<typeof startSwitch>>;
let receiver: Awaited<ReturnType<typeof startReceiver>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-heartbeats-"));
  site = await startSwitch();
  receiver = await startReceiver();
  writeFileSync(join(folder, "token"), TOKEN);
  const heartbeats = `heartbeats: [{ name: backup, every: 1h, token: { secret: "file:${join(folder, "token")}" } }, { name: rotation, every: 2s, grace: 2s, token: ${OTHER} }]`;
  const watch = `watch: { every: 1s, page: { tokens: [token-of-the-operators] }, notify: [{ to: "${receiver.url}" }], ${heartbeats} }`;
  writeFileSync(join(folder, "checks.yaml"), `name: jobs\n${watch}\nchecks:\n  - { probe: webapp.http, input: { url: "${site.origin}/" } }\n`);
  watching = await startWatching("checks.yaml", folder, ["--history", "history.db", "--public"]);
}, 60_000);

afterAll(async () => {
  await watching?.stop();
  await Promise.all([site?.close(), receiver?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const request = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${watching.address}/heartbeat/${path}`, init);
async function check(name: string): Promise<CheckView> {
  const { checks } = (await (await fetch(`${watching.address}/api/v1/checks`)).json()) as ChecksAnswer;
  return checks.find((each) => each.name === `heartbeat ${name}`) as CheckView;
}
const reported = (name: string): string[] =>
  receiver.taken.filter(({ data }) => data.check === `heartbeat ${name}`).map(({ data }) => `${data.kind}: ${data.reason}`);

test("a job reports itself by GET or POST, without a login: fine, failed, and by its exit code", { timeout: 60_000 }, async () => {
  expect((await check("backup")).outcome).toBe("unknown");
  const answer = await request(TOKEN);
  expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
  expect(await check("backup")).toMatchObject({ outcome: "ok", incident: null });
  expect((await request(`${TOKEN}/3`, { method: "POST", body: "log of the job" })).status).toBe(200);
  expect(await check("backup")).toMatchObject({ outcome: "error", incident: { number: 1 } });
  await expect.poll(() => reported("backup")).toEqual(["error: the job ended with exit code 3"]);
  expect((await request(`${TOKEN}/0`, { method: "POST" })).status).toBe(200);
  await expect.poll(() => reported("backup")).toEqual(["error: the job ended with exit code 3", "recovered: null"]);
  expect((await request(`${TOKEN}/fail`)).status).toBe(200);
  await expect.poll(() => reported("backup").at(-1)).toBe("error: the job reported that it failed");
  expect((await request(TOKEN)).status).toBe(200);
});

test("one that stops is reported as missing", { timeout: 60_000 }, async () => {
  await request(OTHER);
  await expect.poll(() => reported("rotation")).toEqual([expect.stringMatching(/^error: missing: expected by /)]);
  await request(OTHER);
  await expect.poll(() => reported("rotation").at(1)).toBe("recovered: null");
});

test.each([
  ["a wrong token", "4f1c0b7e-token-of-the-backuq", {}, 404],
  ["a part of the token", "4f1c0b7e-token-of-the-backu", {}, 404],
  ["no token", "", {}, 404],
  ["a word that is not known", `${TOKEN}/start`, {}, 404],
  ["an exit code that no program has", `${TOKEN}/256`, {}, 404],
  ["more behind it", `${TOKEN}/0/0`, {}, 404],
  ["escapes", `${TOKEN}%2Ffail`, {}, 404],
  ["a very long token", "x".repeat(5000), {}, 404],
  ["HEAD", TOKEN, { method: "HEAD" }, 405],
  ["PUT", TOKEN, { method: "PUT" }, 405],
])("%s is refused, and changes nothing", async (_, path, init, status) => {
  const before = await check("backup");
  expect((await request(path, init)).status).toBe(status);
  expect(await check("backup")).toEqual(before);
});

test("POST is for heartbeats only", async () => {
  for (const path of ["/", "/api/v1/checks", "/metrics", "/heartbeats"])
    expect((await fetch(`${watching.address}${path}`, { method: "POST" })).status).toBe(405);
});

test("a client that posts without end is cut off, and the watch still answers", { timeout: 60_000 }, async () => {
  const socket = connect(Number(new URL(watching.address).port), "127.0.0.1");
  socket.on("error", () => undefined);
  let sent = 0;
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const piece = Buffer.alloc(65_536, "x");
  socket.write(`POST /heartbeat/${TOKEN} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n`);
  const more = (): void => {
    while (!socket.destroyed && sent < 100_000_000) {
      sent += piece.length;
      if (!socket.write(piece)) {
        socket.once("drain", more);
        return;
      }
    }
  };
  more();
  await closed;
  expect(sent).toBeLessThan(100_000_000);
  expect((await fetch(`${watching.address}/healthz`)).status).toBe(200);
});

test("no page, answer, metric or notification holds a token", async () => {
  const { key } = await check("backup");
  const operator = { authorization: "Bearer token-of-the-operators" };
  for (const path of [
    "/",
    `/check/${key}`,
    "/api/v1/checks",
    `/api/v1/checks/${key}`,
    "/api/v1/incidents",
    `/api/v1/results?check=${key}`,
    "/metrics",
    `/badge/${key}.svg`,
  ]) {
    const answer = await fetch(`${watching.address}${path}`, { headers: operator });
    const text = await answer.text();
    expect([path, answer.status]).toEqual([path, 200]);
    for (const token of [TOKEN, OTHER]) expect(text).not.toContain(token);
  }
  expect(await (await fetch(`${watching.address}/`)).text()).toContain("heartbeat backup");
  expect(await (await fetch(`${watching.address}/metrics`, { headers: operator })).text()).toContain(
    'probe_run_watch_check_up{suite="jobs",check="heartbeat backup"} 1',
  );
  for (const token of [TOKEN, OTHER]) {
    expect(JSON.stringify(receiver.taken)).not.toContain(token);
    expect(watching.err()).not.toContain(token);
  }
});

test("without --listen, a suite with heartbeats is refused; --once passes over them", { timeout: 60_000 }, async () => {
  const refused = await probeRun(["watch", "checks.yaml", "--history", "refused.db"], { cwd: folder });
  expect(refused.code).toBe(2);
  expect(refused.err).toContain("watch.heartbeats need --listen");
  const once = await probeRun(["watch", "checks.yaml", "--once"], { cwd: folder });
  expect(once.code).toBe(0);
  expect(once.out).not.toContain("heartbeat");
});
