import { describe, expect, test } from "vitest";
import { readSuite } from "../../../runner/suite/read.js";
import { watchPlanOf } from "../../../runner/watch/watch-plan.js";

const plan = async (text: string) => watchPlanOf(await readSuite("checks.yaml", text, {}));
const SUITE = `name: mail
watch:
  every: 30s
  fire_after: { failures: 2, of: 5 }
  canaries: [canary]
  notify: [{ to: "https://hook.example/x", on: [error], remind: 4h }]
  keep: { results: 1d }
targets:
  mx1: { target_host: 127.0.0.1 }
  mx2: { target_host: 127.0.0.2 }
checks:
  - { probe: network.tcp, name: port, input: { target_port: 25 } }
  - { probe: network.smtp@2, name: greets, watch: { every: 5m, fire_after: 1, clear_after: 4, confirm_after: 15s, depends_on: [port] } }
  - { probe: network.tcp, name: canary, targets: [mx1], input: { target_port: 53 } }
`;

test("each check has its own words, else those of the suite, else the usual ones", async () => {
  const { suite, checks, canaries, receivers, keep } = await plan(SUITE);
  expect(suite).toBe("mail");
  const [port, greets] = checks;
  expect(port).toMatchObject({
    name: "mx1 network.tcp port",
    schedule: { everyMs: 30_000 },
    rules: { fireAfter: { failures: 2, of: 5 }, clearAfter: 2 },
    confirmAfterMs: null,
  });
  expect(greets).toMatchObject({ schedule: { everyMs: 300_000 }, rules: { fireAfter: { failures: 1, of: 1 }, clearAfter: 4 }, confirmAfterMs: 15_000 });
  expect(canaries).toEqual([checks.find(({ name }) => name === "mx1 network.tcp canary")?.key]);
  expect(receivers).toMatchObject([{ to: "https://hook.example/x", remindMs: 14_400_000 }]);
  expect(keep).toEqual({ resultsMs: 86_400_000, failuresMs: 90 * 86_400_000, hoursMs: 90 * 86_400_000 });
});

test("a check depends on the check of its own target", async () => {
  const { checks } = await plan(SUITE);
  const key = (name: string) => checks.find((check) => check.name === name)?.key;
  for (const target of ["mx1", "mx2"])
    expect(checks.find(({ name }) => name === `${target} network.smtp@2 greets`)?.dependsOn).toEqual([key(`${target} network.tcp port`)]);
});

test("keys stay when the order and the rules change, and differ between targets", async () => {
  const before = (await plan(SUITE)).checks;
  const after = (await plan(SUITE.replace("every: 5m", "every: 10m"))).checks;
  expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  expect(new Set(before.map(({ key }) => key)).size).toBe(before.length);
});

const WITH_ID = SUITE.replace("watch: { every: 5m", "watch: { id: greeting, every: 5m");

test("with an id, the key stays when the check is renamed, and is another one for each target", async () => {
  const before = (await plan(WITH_ID)).checks;
  const after = (await plan(WITH_ID.replace("name: greets", "name: says hello"))).checks;
  const old = (await plan(SUITE)).checks;
  const keysOf = (checks: typeof old, word: string): string[] => checks.filter(({ name }) => name.includes(word)).map(({ key }) => key);
  expect(keysOf(before, "greets").length).toBeGreaterThan(0);
  expect(keysOf(after, "says hello")).toEqual(keysOf(before, "greets"));
  expect(new Set(after.map(({ key }) => key)).size).toBe(after.length);
  // The key of the name is known, so that a history without ids is continued.
  expect(before.filter(({ name }) => name.includes("greets")).map(({ nameKey }) => nameKey)).toEqual(keysOf(old, "greets"));
});

test("two checks of one target with the same id are an error", async () => {
  const twice = WITH_ID.replace("name: canary,", "name: canary, watch: { id: greeting },");
  await expect(plan(twice)).rejects.toThrow(/checks\.yaml:14:\d+: another check of this target has the same id/);
});

describe("errors are reported with their lines", () => {
  test.each([
    ["depends_on: [port]", "depends_on: [prot]", /^checks\.yaml:13:\d+: there is no check "prot"/],
    ["name: port,", "name: port, watch: { depends_on: [greets] },", /^checks\.yaml:12:\d+: mx1 network\.tcp port depends on itself/],
    ["name: canary,", "name: canary, watch: { depends_on: [port] },", /^checks\.yaml:14:\d+: mx1 network\.tcp canary is a canary/],
    ["failures: 2, of: 5", "failures: 5, of: 2", /^checks\.yaml:4:\d+: failures must not be more than of/],
    ["every: 30s", "every: 30", /^checks\.yaml:3:\d+: watch\.every: must be a time with its unit, such as 30s, 5m or 1h, not 30$/],
    ["every: 5m", "every: 10ms", /^checks\.yaml:13:\d+: every must be at least 1s/],
    ["canaries: [canary]", "canaries: [missing]", /^checks\.yaml:5:\d+: there is no check "missing"/],
    ["every: 30s", "cron: '61 * * * *'", /^checks\.yaml:3:\d+: .*minute/],
    ["every: 30s", "cron: '* * * * *'\n  zone: Mars/Base", /^checks\.yaml:3:\d+: "Mars\/Base" is not the name of a time zone/],
    ["every: 30s", "cron: '0 0 30 2 *'", /^checks\.yaml:3:\d+: such a day never comes/],
    ["every: 30s", "maintenance: [{ once: '2026-02-30 10:00', for: 1h }]", /^checks\.yaml:3:\d+: there is no 2026-02-30/],
    ["every: 5m", "every: 5m, cron: '* * * * *'", /^checks\.yaml:13:\d+: a check has every or cron, not both/],
    ["every: 30s", "maintenance: [{ cron: '0 3 * * *', for: 1h, tags: [post] }]", /^checks\.yaml:3:\d+: no check has the tag "post"/],
    ["every: 30s", "maintenance: [{ for: 1h }]", /^checks\.yaml:3:\d+: a maintenance has cron or once/],
    ["every: 30s", "heartbeat: 'ftp://beat.example'", /^checks\.yaml:3:\d+: a heartbeat is a URL with http or https/],
    ["every: 5m", "id: 'a b', every: 5m", /^checks\.yaml:13:\d+: checks\.1\.watch\.id: must match/],
    ["remind: 4h", "reminds: 4h", /^checks\.yaml:6:\d+: watch\.notify\.0\.reminds: there is no such field; did you mean remind\?/],
  ])("%s -> %s", async (from, to, expected) => {
    expect(SUITE).toContain(from);
    const error = await plan(SUITE.replace(from, to)).then(
      () => null,
      (reason: Error) => reason,
    );
    const [line] = (error?.message ?? "").split("\n").slice(1);
    expect(line).toMatch(expected);
  });
});

describe("receivers", () => {
  const receiving = (notify: string): string =>
    `name: x\nwatch:\n  notify:\n    - ${notify}\nchecks:\n  - { probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 25 } }\n`;

  test("of each kind", async () => {
    const { receivers } = await plan(`name: x
watch:
  notify:
    - { to: "https://hook.example/x" }
    - { alertmanager: "http://127.0.0.1:9093", labels: { team: post } }
    - { mail: ops@example.org, send: { host: mail.example.org, from_addr: watch@example.org, username: watch, password: { secret: "env:PASSWORD" } }, wait: 1m }
    - { program: [/usr/local/bin/page, --now], timeout: 5s, on: [error] }
checks:
  - { probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 25 } }
`);
    expect(receivers).toMatchObject([
      { kind: "webhook", most: 1, waitMs: 0 },
      { kind: "alertmanager", to: "http://127.0.0.1:9093", labels: { team: "post" }, waitMs: 0 },
      { kind: "mail", to: "ops@example.org", waitMs: 60_000, send: { host: "mail.example.org" } },
      { kind: "program", command: ["/usr/local/bin/page", "--now"], timeoutMs: 5000, waitMs: 30_000, on: new Set(["error"]) },
    ]);
    expect(new Set(receivers.map(({ key }) => key)).size).toBe(4);
  });

  test.each([
    [`{ on: [error] }`, /4:7: a receiver has one of to, alertmanager, mail, program, and this one has none/],
    [`{ to: "https://a", mail: a@b.example }`, /4:7: a receiver has one of .*, and this one has to and mail/],
    [`{ alertmanager: "http://a", remind: 1h }`, /4:\d+: remind is not for alertmanager/],
    [`{ mail: a@b.example }`, /4:7: mail needs send/],
    [`{ mail: no address, send: { host: mail.example, from_addr: a@b.example } }`, /4:15: is not a valid address/],
    [`{ mail: a@b.example, send: { host: mail.example, from_addr: a@b.example, portt: 25 } }`, /4:\d+: portt: there is no such field; did you mean port\?/],
    [`{ mail: a@b.example, send: { host: mail.example, from_addr: a@b.example, text: hello } }`, /4:\d+: the watch fills in text itself/],
    [`{ program: [] }`, /4:\d+: watch\.notify\.0\.program/],
  ])("%s", async (notify, expected) => {
    const error = await plan(receiving(notify)).then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(expected);
  });
});

test("a receiver is known by its address: what waits is sent when its settings have been corrected", async () => {
  const keys = async (...receivers: string[]) =>
    (await plan(SUITE.replace(/notify: \[.*\]/, `notify: [${receivers.join(", ")}]`))).receivers.map(({ key }) => key);
  const url = "https://hook.example/x";
  const [plain] = await keys(`{ to: "${url}" }`);
  for (const changed of [`{ to: "${url}#secret=env:NEW" }`, `{ to: "${url}#timeout_ms=20000", on: [error] }`]) expect(await keys(changed)).toEqual([plain]);
  expect(await keys(`{ to: "${url}?token=2" }`)).not.toEqual([plain]);
  expect(await keys('{ alertmanager: "http://127.0.0.1:9093#timeout_ms=1000" }')).toEqual(await keys('{ alertmanager: "http://127.0.0.1:9093" }'));
  // Twice the same address, each for other changes.
  const twice = await keys(`{ to: "${url}", on: [error] }`, `{ to: "${url}", on: [recovered] }`);
  expect(twice[0]).toBe(plain);
  expect(new Set(twice).size).toBe(2);
});
