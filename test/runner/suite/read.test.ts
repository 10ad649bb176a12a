import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readSuite } from "../../../runner/suite/read.js";

const example = readFileSync(new URL("../../../fixtures/suites/mail.yaml", import.meta.url), "utf8");
const read = (text: string, environment: Record<string, string> = {}) => readSuite("suite.yaml", text, environment);
const inputs = async (text: string, environment: Record<string, string> = {}) => (await read(text, environment)).checks.map(({ input }) => input);

describe("a suite becomes checks", () => {
  test("of each target, with what its target, its check and the defaults say", async () => {
    const { suite, checks } = await read(example, { PROBE_RUN_LAB_PORT: "2525" });
    expect(suite.name).toBe("our mail servers");
    expect(checks.map(({ title }) => title)).toEqual([
      "mx1 network.smtp@2 greets and answers",
      "mx2 network.smtp@2 greets and answers",
      "mx2 network.smtp@2 has no second server",
    ]);
    expect(checks[2]).toMatchObject({
      input: { helo_domain: "monitor.example.org", target_host: "127.0.0.1", target_port: 1 },
      tags: ["mail"],
      retries: 1,
      timeoutMs: 5000,
    });
    expect(checks[0]?.tags).toEqual(["mail", "smoke"]);
  });

  test("of one each when there are no targets", async () => {
    const { checks } = await read("{ name: one, checks: [{ probe: network.smtp, input: { target_host: localhost } }] }");
    expect(checks.map(({ target, title }) => [target, title])).toEqual([[null, "network.smtp"]]);
  });

  test("whose own fields override the target's, object by object", async () => {
    const suite = `
      name: layers
      defaults: { input: { tls: { warn_days: 30 }, helo_domain: a.example } }
      targets: { mx: { target_host: localhost, tls: { mode: implicit, servername: mx.example } } }
      checks: [{ probe: network.smtp@2, input: { tls: { servername: other.example } } }]`;
    expect(await inputs(suite)).toEqual([
      { tls: { warn_days: 30, mode: "implicit", servername: "other.example" }, helo_domain: "a.example", target_host: "localhost" },
    ]);
  });
});

describe("the environment", () => {
  const one = (fields: string) => `name: one\nchecks:\n  - probe: network.smtp@2\n    input:\n${fields.replaceAll(/^/gm, "      ")}\n`;

  test("fills values in, or their defaults do", async () => {
    const suite = one(`target_host: "\${HOST:-localhost}"\nhelo_domain: mx.\${DOMAIN}`);
    expect(await inputs(suite, { DOMAIN: "example.org" })).toEqual([{ target_host: "localhost", helo_domain: "mx.example.org" }]);
    expect(await inputs(suite, { DOMAIN: "example.org", HOST: "" })).toEqual([{ target_host: "localhost", helo_domain: "mx.example.org" }]);
    expect(await inputs(suite, { DOMAIN: "example.org", HOST: "a.example" })).toEqual([{ target_host: "a.example", helo_domain: "mx.example.org" }]);
  });

  test("gives numbers where the contract wants numbers, and texts where it wants texts, quoted or not", async () => {
    const suite = one(
      `target_host: localhost\ntarget_port: "\${PORT}"\ntimeout_ms: \${PORT}\nauth: { username: "\${PORT}" }\nexpect:\n  banner: \${PORT}\n  starttls: "\${FLAG}"`,
    );
    expect(await inputs(suite, { PORT: "2525", FLAG: "true" })).toEqual([
      { target_host: "localhost", target_port: 2525, timeout_ms: 2525, auth: { username: "2525" }, expect: { banner: "2525", starttls: true } },
    ]);
  });

  test("never becomes YAML", async () => {
    const suite = one(`target_host: localhost\nexpect:\n  banner: \${BANNER}`);
    const value = 'x"}\n  target_port: 1 # *a &b [';
    expect(await inputs(suite, { BANNER: value })).toEqual([{ target_host: "localhost", expect: { banner: value } }]);
  });

  test("is not replaced if its characters are doubled", async () => {
    expect(await inputs(one(`target_host: localhost\nexpect:\n  banner: $\${HOME} costs $5`))).toEqual([
      { target_host: "localhost", expect: { banner: `\${HOME} costs $5` } },
    ]);
  });
});

describe("an anchor", () => {
  test("is replaced by its value, and an error is reported at its position", async () => {
    const suite = "name: anchors\ntargets:\n  a: { target_host: localhost, tls: &tls { mode: none } }\n";
    const checks = "checks:\n  - probe: network.smtp@2\n    input: { tls: *tls }\n";
    expect(await inputs(`${suite}${checks}`)).toEqual([{ target_host: "localhost", tls: { mode: "none" } }]);
    await expect(read(`${suite}${checks}`.replace("mode: none", "mode: never"))).rejects.toMatchObject({ problems: [{ line: 3, column: 50 }] });
  });

  test("that multiplies itself is refused", async () => {
    const laughs = [
      "a: &a [x,x,x,x,x,x,x,x,x,x]",
      ...["b", "c", "d", "e", "f"].map((name, index) => `${name}: &${name} [${new Array(10).fill(`*${"abcde"[index]}`).join(",")}]`),
    ];
    await expect(read(laughs.join("\n"))).rejects.toThrow("its aliases stand for more than 100000 values");
  });
});
