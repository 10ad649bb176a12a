import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHttpServer } from "../../../../runner/lab/http-server.js";
import { openAlertmanager } from "../../../../runner/watch/receivers/alertmanager.js";
import { programPath } from "../../../support/programs.js";
import { realServer } from "../../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../../support/run-daemon.js";
import { batchOf, incidents } from "./sending.js";

const POLLING = { timeout: 20_000, interval: 100 };

interface AmtoolAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
}

realServer("a real Alertmanager", ["prometheus-alertmanager", "amtool"], () => {
  let alertmanager: RunningDaemon;
  let hook: Awaited<ReturnType<typeof startHttpServer>>;
  const received: { status: string; alerts: { status: string; labels: Record<string, string> }[] }[] = [];
  const url = (): string => `http://127.0.0.1:${alertmanager.port}`;

  /** Asked by its own program, as an operator would. */
  const alerts = (): AmtoolAlert[] =>
    JSON.parse(execFileSync(programPath("amtool") as string, ["alert", "query", "-o", "json", `--alertmanager.url=${url()}`], { encoding: "utf8" }));

  beforeAll(async () => {
    hook = await startHttpServer((_path, request) => {
      const chunks: Buffer[] = [];
      request.on("data", (piece: Buffer) => chunks.push(piece));
      request.on("end", () => received.push(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      return { body: "ok\n" };
    });
    alertmanager = await runDaemon("alertmanager", programPath("prometheus-alertmanager") as string, (folder, port) => {
      const file = join(folder, "alertmanager.yml");
      const route = "{ receiver: hook, group_by: [suite], group_wait: 500ms, group_interval: 1s, repeat_interval: 1h }";
      writeFileSync(file, `route: ${route}\nreceivers:\n  - { name: hook, webhook_configs: [{ url: "${hook.origin}/", send_resolved: true }] }\n`);
      const own = [`--config.file=${file}`, `--storage.path=${join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`];
      return [...own, "--cluster.listen-address="];
    });
  });

  afterAll(async () => {
    await alertmanager?.stop();
    await hook?.close();
  });

  test("takes incidents, groups them, and resolves each with its recovery", async () => {
    const event = await incidents();
    const deliverer = await openAlertmanager(url(), { team: "post" }, {});
    const opened = [event("mx1", "error"), event("mx2", "flapping", { isFlapping: true })];
    await deliverer.deliver(batchOf(opened));
    const labels = { alertname: "probe_run_incident", suite: "our mail", check: "network.tcp port", probe: "network.tcp", team: "post" };
    expect(alerts().sort((a, b) => (a.labels.target as string).localeCompare(b.labels.target as string))).toMatchObject([
      { labels: { ...labels, target: "mx1" }, annotations: { summary: "mx1 network.tcp port fails", description: "refused in connect", flapping: "false" } },
      { labels: { ...labels, target: "mx2" }, annotations: { flapping: "true" } },
    ]);
    expect(new Date(alerts()[0]?.startsAt ?? "").getTime()).toBeLessThan(Date.now() - 50_000);
    await expect.poll(() => received.at(-1)?.alerts.length, POLLING).toBe(2);
    await deliverer.deliver(batchOf([event("mx1", "recovered")]));
    expect(alerts().map((alert) => alert.labels.target)).toEqual(["mx2"]);
    await expect
      .poll(
        () =>
          received
            .at(-1)
            ?.alerts.map((alert) => `${alert.labels.target} ${alert.status}`)
            .sort(),
        POLLING,
      )
      .toEqual(["mx1 resolved", "mx2 firing"]);
    await deliverer.refresh?.send([event("mx2", "error")]);
    expect(alerts().map((alert) => alert.labels.target)).toEqual(["mx2"]);
    await deliverer.deliver(batchOf([event("mx2", "removed")]));
    expect(alerts()).toEqual([]);
    deliverer.close();
  });

  test("a beginning and an end in one batch leave no alert", async () => {
    const event = await incidents();
    const deliverer = await openAlertmanager(`${url()}/`, {}, {});
    await deliverer.deliver(batchOf([event("mx1", "error", { at: Date.now() - 2000 }), event("mx1", "recovered")]));
    expect(alerts()).toEqual([]);
    deliverer.close();
  });
});

test("an answer that is no success is an error, and names no password", async () => {
  const event = await incidents();
  const paths: string[] = [];
  const server = await startHttpServer((path, { headers }) => {
    paths.push(`${path} ${headers.authorization}`);
    return { status: paths.length === 1 ? 400 : 503 };
  });
  const deliverer = await openAlertmanager(`${server.origin.replace("//", "//user:hidden@")}/prefix/`, {}, {});
  const errors = [0, 1].map(() =>
    deliverer.deliver(batchOf([event("mx1", "error")])).then(
      () => null,
      (error: Error) => error,
    ),
  );
  const [refused, later] = await Promise.all([errors[0], errors[1]]);
  expect([refused, later].map((error) => (error as { code?: string }).code).sort()).toEqual(["failed", "refused"]);
  expect(`${refused?.message}${later?.message}`).not.toContain("hidden");
  expect(paths[0]).toBe(`/prefix/api/v2/alerts Basic ${Buffer.from("user:hidden").toString("base64")}`);
  await server.close();
});
