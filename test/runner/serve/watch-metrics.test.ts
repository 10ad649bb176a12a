import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { certificate } from "../../support/certificates.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { startWatching, type Watching } from "../watch/watching.js";

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets: readonly { readonly refId: string; readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const DASHBOARD = JSON.parse(readFileSync("docs/grafana-dashboard.json", "utf8")) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[] };
};
/** With what Grafana puts in place of its variables. */
const EXPRESSIONS = DASHBOARD.panels.flatMap(({ targets }) =>
  targets.map(({ expr }) => expr.replaceAll("$suite", "local|other").replaceAll("$__rate_interval", "5m")),
);

let folder: string;
let site: Awaited<ReturnType<typeof startHttpServer>>;
let watching: Watching;
let published: Watching;
const metricsOf = async ({ address }: Watching): Promise<string> => (await fetch(`${address}/metrics`)).text();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-metrics-"));
  site = await startHttpServer(() => ({ body: "ok\n" }), { certificate: certificate("self-signed") });
  const check = `{ probe: webapp.http, name: front, input: { url: "${site.origin}/" } }`;
  writeFileSync(join(folder, "checks.yaml"), `name: local\nwatch: { every: 1s, objective: { good: 99.9, days: 30 } }\nchecks: [${check}]\n`);
  watching = await startWatching("checks.yaml", folder, ["--history", "own.db"]);
  published = await startWatching("checks.yaml", folder, ["--history", "public.db", "--public"]);
  // The certificate is not trusted: the check fails, and saw it all the same.
  for (const each of [watching, published])
    await vi.waitFor(async () => expect(await metricsOf(each)).toContain("probe_run_watch_check_up{"), { timeout: 50_000, interval: 100 });
}, 60_000);

afterAll(async () => {
  await Promise.all([watching?.stop(), published?.stop()]);
  await site.close();
  rmSync(folder, { recursive: true });
});

describe("/metrics of a watch", () => {
  test("has the certificates that checks saw; for the public, names and states only", async () => {
    expect(await metricsOf(watching)).toMatch(
      /^probe_run_watch_certificate_expiry_timestamp_seconds\{suite="local",fingerprint="[0-9a-f]{64}",subject="[^"]+"\} \d+$/m,
    );
    const text = await metricsOf(published);
    expect(text).toContain('probe_run_watch_check_up{suite="local",check="webapp.http front"} 0');
    expect(text).not.toMatch(/certificate|fingerprint|subject|127\.0\.0\.1/);
  });
});

describe("the dashboard for Grafana", () => {
  test("asks for metrics that a watch has, with labels that they have", async () => {
    const text = await metricsOf(watching);
    for (const expression of [...EXPRESSIONS, ...DASHBOARD.templating.list.map(({ query }) => (typeof query === "string" ? query : query.query))])
      for (const [, name, labels = ""] of expression.matchAll(/\b(probe_run_\w+)(?:\{([^}]*)\})?/g)) {
        const sample = text.split("\n").find((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
        expect(sample, name).toBeDefined();
        for (const [, label] of labels.matchAll(/(\w+)=~?"/g)) expect(sample).toContain(`${label}="`);
      }
    for (const [, label] of EXPRESSIONS.join("\n").matchAll(/ by \((\w+)\)/g)) expect(text).toContain(`{${label}="`);
  });

  test("its panels have names of their own, lie within 24 columns, and do not overlap", () => {
    const { panels } = DASHBOARD;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}:${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...cells.map((cell) => Number(cell.split(":")[0])))).toBe(23);
    for (const { datasource, targets } of panels)
      expect(new Set([datasource, ...targets.map((target) => target.datasource)].map(({ uid }) => uid))).toEqual(
        new Set([`\${${DASHBOARD.templating.list[0]?.name}}`]),
      );
  });
});

realServer("Prometheus' own tool", ["promtool"], () => {
  test("parses every expression of the dashboard", () => {
    const rules = EXPRESSIONS.map((expr, index) => ({ record: `dashboard:${index}`, expr }));
    const file = join(folder, "rules.json");
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    expect(execFileSync(programPath("promtool") as string, ["check", "rules", file], { encoding: "utf8" })).toContain(`SUCCESS: ${rules.length} rules found`);
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules: [{ record: "a:b", expr: "sum by (" }] }] }));
    expect(() => execFileSync(programPath("promtool") as string, ["check", "rules", file], { stdio: "pipe" })).toThrow("parse error");
  });

  test("finds nothing wrong with /metrics", async () => {
    expect(execFileSync(programPath("promtool") as string, ["check", "metrics"], { input: await metricsOf(watching), encoding: "utf8" })).toBe("");
  });
});
