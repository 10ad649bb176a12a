import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkedProbe } from "../../../runner/harness/checked-probe.js";
import { defineProbe } from "../../../runner/harness/define-probe.js";
import { builtInNames, loadProbe } from "../../../runner/harness/registry.js";
import { inputFromTarget, missingFields } from "../../../runner/harness/target.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { contract } from "../../../schemas/contract.js";
import { probeRun } from "./command-line.js";

const cwd = mkdtempSync(join(tmpdir(), "probe-run-target-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const schema = {
  properties: {
    target_host: { type: "string" },
    target_port: { type: "integer" },
    names: { type: "array" },
    addresses: { type: "array" },
    port_text: { type: "string" },
  },
};

test.each([
  [{ host: "target_host", port: "target_port" }, "mx.example.org:587", { target_host: "mx.example.org", target_port: 587 }],
  [{ host: "target_host", port: "target_port" }, "mx.example.org", { target_host: "mx.example.org" }],
  [{ host: "target_host", port: "target_port" }, "192.0.2.7:25", { target_host: "192.0.2.7", target_port: 25 }],
  [{ host: "target_host", port: "target_port" }, "2001:db8::7", { target_host: "2001:db8::7" }],
  [{ host: "target_host", port: "target_port" }, "[2001:db8::7]", { target_host: "2001:db8::7" }],
  [{ host: "target_host", port: "target_port" }, "[2001:db8::7]:465", { target_host: "2001:db8::7", target_port: 465 }],
  [{ host: "target_host", port: "target_port" }, "mx.example.org:smtp", { target_host: "mx.example.org:smtp" }],
  [{ host: "target_host", port: "port_text" }, "mx.example.org:25", { target_host: "mx.example.org", port_text: "25" }],
  [{ host: "names", address: "addresses" }, "192.0.2.7", { addresses: ["192.0.2.7"] }],
  [{ host: "names", address: "addresses" }, "example.org", { names: ["example.org"] }],
  ["target_host", "[2001:db8::7]", { target_host: "2001:db8::7" }],
  ["target_host", "[example.org]", { target_host: "[example.org]" }],
  ["target_host", "https://a.example:8443/x?y=z", { target_host: "https://a.example:8443/x?y=z" }],
] as const)("%j takes %s", (target, word, input) => {
  expect(inputFromTarget(target, schema, word)).toEqual(input);
});

test("the target fields of built-in probes are in their inputs", async () => {
  for (const name of builtInNames()) {
    const { probe, versions } = await loadProbe(name);
    if (probe.target !== undefined) expect(missingFields(probe.target, probe.versions[versions[0] as string]?.input.schema as object)).toEqual([]);
  }
});

test("a target field that the input lacks is rejected", () => {
  const message = contract({ type: "object", properties: { host: { type: "string" } } });
  const run = async (): Promise<never> => Promise.reject(new Error("not run here"));
  const probe = defineProbe({ name: "acme.ping", summary: "Pings.", needs: [], target: "host", version: "1.0.0", input: message, output: message, run });
  expect(checkedProbe("acme", probe)).toBe(probe);
  expect(() => checkedProbe("acme", { ...probe, target: "hots" })).toThrow(
    expect.objectContaining({ violations: [expect.objectContaining({ pointer: "/target" })] }),
  );
});

describe("on the command line", () => {
  test.each(["network.smtp", "network.smtp@1"])("%s host:port", async (probe) => {
    const server = await playTranscript("S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 OK\nC: QUIT\nS: 221 bye\n");
    const { code, out } = await probeRun([probe, `${server.host}:${server.port}`, ...(probe.endsWith("@1") ? ["--set", "send_email_flag=False"] : [])], {
      cwd,
    });
    await server.close();
    expect(code).toBe(0);
    expect(JSON.parse(out).output.target_port).toEqual(probe.endsWith("@1") ? String(server.port) : server.port);
  });

  test("--set overrides it", async () => {
    const { code, out } = await probeRun(["network.smtp", "127.0.0.1:25", "--set", "target_port=9", "--set", "connect_timeout_ms=2000"], { cwd });
    expect(code).toBe(1);
    expect(JSON.parse(out).output).toMatchObject({ target_port: 9, failure: { code: "refused" } });
  });

  test("a directory may have the same name as the domain", async () => {
    mkdirSync(join(cwd, "localhost.localdomain"));
    const { err } = await probeRun(["network.smtp", "localhost.localdomain:9"], { cwd });
    expect(err).toBe("");
  });

  test.each([
    ["hosts.jsonl", 'there is no file "hosts.jsonl"'],
    ["./mx.example.org", 'there is no file "./mx.example.org"'],
    ["inputs/mx", 'there is no file "inputs/mx"'],
    ["~/input", 'there is no file "~/input"'],
    ["hosts.yml", 'there is no file "hosts.yml"'],
  ])("%s is a missing file", async (word, said) => {
    const { code, out, err } = await probeRun(["network.smtp", word], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });

  test("a word that the contract rejects may have been meant as a file", async () => {
    const { code, err } = await probeRun(["network.smtp", "mx example"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('there is no file "mx example", so it was read as target_host and target_port');
  });

  test("a probe without a target reports that", async () => {
    const { code, err } = await probeRun(["mail.bounce", "bounce.eml"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('there is no file "bounce.eml"');
    expect(err).toContain("mail.bounce does not accept a target on the command line");
  });

  test("an unknown probe is reported once", async () => {
    const { code, err } = await probeRun(["network.smpt", "mx.example.org"], { cwd });
    expect(code).toBe(2);
    expect(err.match(/did you mean/g)).toHaveLength(1);
  });

  test("a third-party probe", async () => {
    const file = join(cwd, "echo.mjs");
    writeFileSync(
      file,
      `import { contract, defineProbe, outputOf } from ${JSON.stringify(new URL("../../../dist/index.js", import.meta.url).href)};
const input = contract({ type: "object", properties: { url: { type: "string" } }, required: ["url"], additionalProperties: false });
const output = contract(outputOf({ url: { type: "string" } }));
export default defineProbe({ name: "acme.url", summary: "Says the URL.", needs: [], target: "url", version: "1.0.0", input, output,
  run: async ({ url }) => ({ status: "ok", failure: null, url }) });
`,
    );
    const { code, out } = await probeRun([file, "https://a.example/x"], { cwd });
    expect({ code, url: JSON.parse(out || "{}").output?.url }).toEqual({ code: 0, url: "https://a.example/x" });
  });
});
