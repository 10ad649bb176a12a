import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.dkim/schema.js";
import { labOf } from "../../../runner/harness/registry.js";
import { runReport } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

test.each([
  ["good", "ok", [["s1", "valid"]]],
  ["guessed", "ok", [["s1", "valid"]]],
  ["short", "warning", [["s1", "valid"]]],
  ["test", "warning", [["s1", "valid"]]],
  ["revoked", "ok", [["s1", "revoked"]]],
  ["dangling", "error", [["s1", "absent"]]],
  ["missing", "error", [["s9", "absent"]]],
])("the lab's %s is %s", async (name, status, keys) => {
  const lab = await (await labOf("mail.dkim"))?.start(() => 0);
  if (lab === undefined) throw new Error("mail.dkim has no lab");
  open.push(lab);
  const output = (await runReport("mail.dkim", lab.servers.find((each) => each.name === name)?.input)).envelope.output as Output;
  expect(output.status).toBe(status);
  expect(output.keys.map(({ selector, state }) => [selector, state])).toEqual(keys);
});

test("a domain whose name servers fail has unknown keys, and the run a failure", async () => {
  const server = await startDnsServer({ zones: ["$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60"], behave: () => ({ rcode: 2 }) });
  open.push(server);
  const output = (await runReport("mail.dkim", { domain: "a.example", selectors: ["s1"], resolver: { servers: server.servers } })).envelope.output as Output;
  expect(output).toMatchObject({ status: "error", failure: { code: "dns_failure" }, keys: [{ selector: "s1", state: "unknown" }], findings: [] });
});

test("to get no answer at the selector that was given is a failure, though others have answers", async () => {
  const server = await startDnsServer({ zones: [KEYLESS], behave: ({ name }) => (name.startsWith("s1.") ? { rcode: 2 } : undefined) });
  open.push(server);
  const output = (await runReport("mail.dkim", { domain: "a.example", selectors: ["s1"], resolver: { servers: server.servers } })).envelope.output as Output;
  expect(output).toMatchObject({ status: "error", failure: { code: "dns_failure" }, keys: [{ selector: "s1", state: "unknown" }], unanswered: 0 });
  expect(output.checks.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(["dkim.record unknown", "dkim.selector unknown"]);
});

test("without a selector, the failure is why no usual one has an answer; one that has none is no failure", async () => {
  const server = await startDnsServer({
    zones: [KEYLESS],
    behave: ({ name }) => (/^(?!_domainkey)[^.]+\._domainkey\.a/.test(name) ? { rcode: 2 } : undefined),
  });
  const other = await startDnsServer({ zones: [KEYLESS], behave: ({ name }) => (name.startsWith("default.") ? { rcode: 2 } : undefined) });
  open.push(server, other);
  const output = async ({ servers }: { servers: readonly string[] }) =>
    (await runReport("mail.dkim", { domain: "a.example", resolver: { servers: [...servers] } })).envelope.output as Output;
  expect(await output(server)).toMatchObject({ status: "error", failure: { code: "dns_failure" } });
  expect(await output(other)).toMatchObject({ status: "ok", failure: null, unanswered: 1 });
});

const KEYLESS = "$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60\n_x._domainkey.a A 192.0.2.1";

test("under a wildcard, common selectors are not queried", async () => {
  const zone = '$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60\n*._domainkey.parked TXT "v=DKIM1; p="';
  const server = await startDnsServer({ zones: [zone] });
  open.push(server);
  const output = (await runReport("mail.dkim", { domain: "parked.example", resolver: { servers: server.servers } })).envelope.output as Output;
  expect(output).toMatchObject({ wildcard: true, keys: [{ state: "revoked" }] });
  expect(output.operations.length).toBeLessThan(8);
});
