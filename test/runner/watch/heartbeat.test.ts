import { expect, onTestFinished, test } from "vitest";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { Heartbeat } from "../../../runner/watch/heartbeat.js";

async function started() {
  const asked: string[] = [];
  const answers = { status: 200 };
  const server = await startHttpServer((path, { method }) => {
    asked.push(`${method} ${path}`);
    return { status: answers.status };
  });
  const said: string[] = [];
  const state = { isAlive: true };
  const heartbeat = new Heartbeat(
    { url: `${server.origin}/beat/secret-token`, isAlive: () => state.isAlive, mayBeat: async () => true, tell: (message) => void said.push(message) },
    50,
  );
  onTestFinished(async () => {
    heartbeat.close();
    await server.close();
  });
  return { asked, answers, said, state, heartbeat };
}

test("a URL is requested again and again while checks run, and not when they do not", async () => {
  const { asked, state, said } = await started();
  await expect.poll(() => asked.length).toBeGreaterThan(2);
  expect(new Set(asked)).toEqual(new Set(["GET /beat/secret-token"]));
  state.isAlive = false;
  // What is under way ends first.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(asked).toHaveLength(before);
  expect(said).toEqual([]);
});

test("one that is not taken is reported once, and once when it is again; no message names the URL", async () => {
  const { asked, answers, said } = await started();
  answers.status = 404;
  await expect.poll(() => said).toEqual(["the heartbeat is not taken: HTTP 404"]);
  const before = asked.length;
  await expect.poll(() => asked.length).toBeGreaterThan(before + 3);
  answers.status = 204;
  await expect.poll(() => said).toEqual(["the heartbeat is not taken: HTTP 404", "the heartbeat is taken again"]);
});

test("it ends with the watch", async () => {
  const { asked, heartbeat } = await started();
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  heartbeat.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(asked).toHaveLength(before);
});
