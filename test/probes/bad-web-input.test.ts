import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withTarget } from "../../runner/cli/input/read-word.js";
import { runReport } from "../../runner/harness/run.js";
import { RequestError } from "../../runner/support/request-error.js";

let port = 0;
let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.destroy();
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as { port: number }).port;
});
afterAll(() => server.close());

/** The pointers of all violations, and their hints. */
async function refusal(probe: string, input: object): Promise<Record<string, string | null>> {
  const error = (await runReport(probe as "webapp.http", input as never).then(
    () => ({ violations: [] }),
    (reason: unknown) => reason,
  )) as Pick<RequestError, "violations">;
  return Object.fromEntries(error.violations.map(({ pointer, hint, message }) => [pointer, hint ?? message]));
}

const CUT = "GET / HTTP/1.1\r\nX: y";
const SLOW = "(a+)+$";
const at = (rest: string): string => `http://127.0.0.1:${port}${rest}`;

describe("bad input is reported with all of its faults, and nothing is sent", () => {
  describe.each(["webapp.http", "webapp.rest", "webapp.security"])("%s", (probe) => {
    test.each([
      ["no scheme", "127.0.0.1/", /https:/],
      ["a port in place of a scheme", "localhost:8080/", /https:/],
      ["another scheme", "ftp://127.0.0.1/", /http:/],
      ["credentials", "http://alice:secret@127.0.0.1/", /auth/],
      ["a fragment", "http://127.0.0.1/#part", /fragment/],
      ["a line feed", "http://127.0.0.1/a\r\nX: y", /blanks and control characters/],
      ["no host", "http:///a", /host is missing/],
      ["a query in place of a host", "https://?a", /host is missing/],
    ])("a URL with %s", async (_what, url, hint) => {
      const seen = await refusal(probe, { url });
      expect(Object.keys(seen)).toEqual(["/url"]);
      expect(seen["/url"]).toMatch(hint);
      expect(JSON.stringify(seen)).not.toContain("secret");
    });

    test("all faults of a URL", async () => {
      const seen = await refusal(probe, { url: "http://alice:secret@127.0.0.1/a b#part" });
      expect(Object.keys(seen)).toEqual(["/url"]);
      for (const fault of [/auth/, /fragment/, /blanks/]) expect(seen["/url"]).toMatch(fault);
    });

    test("a header with CR LF, an invalid name, and a misspelled field, all at once", async () => {
      const seen = await refusal(probe, { url: "x", headers: { "X-One": CUT, "X Two": "y" }, addres_family: "any", tls: { verify: "requir" } });
      expect(Object.keys(seen).sort()).toEqual(["/addres_family", "/headers/X Two", "/headers/X-One", "/tls/verify", "/url"]);
      expect(seen["/addres_family"]).toContain("address_family");
      expect(seen["/tls/verify"]).toContain("require");
    });
  });

  test.each(["(", SLOW, "[z-a]", "(?<a>x)(?<a>y)", "(x*)*y"])("the pattern %s", async (matches) => {
    expect(Object.keys(await refusal("webapp.http", { url: at("/"), expect: { body: { matches } } }))).toEqual(["/expect/body/matches"]);
    expect(Object.keys(await refusal("webapp.rest", { url: at("/"), steps: [{ expect: { body: { matches } } }] }))).toEqual(["/steps/0/expect/body/matches"]);
    expect(Object.keys(await refusal("network.tcp", { target_host: "127.0.0.1", target_port: port, steps: [{ matches }] }))).toEqual(["/steps/0/matches"]);
    expect(Object.keys(await refusal("network.dns", { name: "a.example", expect: { text: { matches } } }))).toEqual(["/expect/text/matches"]);
  });

  test("network.dns: types, names, servers and transports", async () => {
    const seen = await refusal("network.dns", {
      questions: [{ name: "a b", type: "AAAAA" }, { name: "a.example", type: "TYPE70000" }, { name: `${"a".repeat(64)}.example` }],
      servers: ["dns.example", "127.0.0.1:99999"],
      transport: "doh",
      trust_anchors: ["not a record"],
    });
    expect(Object.keys(seen).sort()).toEqual([
      ...["/questions/0/name", "/questions/0/type", "/questions/1/type", "/questions/2/name", "/servers/0", "/servers/1", "/transport"],
    ]);
    expect(seen["/questions/0/type"]).toContain('"AAAA"');
  });

  test("network.tcp: hosts, ports, steps without and with two actions", async () => {
    const seen = await refusal("network.tcp", {
      target_host: "a b",
      target_port: 70_000,
      steps: [{}, { send: "x", expect: "y" }, { send_base64: "%" }, { matches: "x", max_bytes: 0 }],
      starttls: "smpt",
    });
    expect(Object.keys(seen).sort()).toEqual([
      "/starttls",
      "/steps/0",
      "/steps/1",
      "/steps/2/send_base64",
      "/steps/3/max_bytes",
      "/target_host",
      "/target_port",
    ]);
    expect(seen["/starttls"]).toContain("smtp");
  });

  test("security.tls: hosts, checks, policies and budgets", async () => {
    const seen = await refusal("security.tls", {
      target_host: "https://example.org/",
      servername: "a_b c",
      checks: ["sutes"],
      policy: "moderm",
      budget: 0,
      parallel: 99,
    });
    expect(Object.keys(seen).sort()).toEqual(["/budget", "/checks/0", "/parallel", "/policy", "/servername", "/target_host"]);
    expect(seen["/policy"]).toContain("modern");
  });

  test("a password in a word of the command line is not printed", () => {
    const fault = new RequestError("the input does not fit", "invalid_input", [{ pointer: "/url", message: "must be a URL", hint: null }]);
    const shown = withTarget(fault, { word: "https://alice:s3cret@example.org/", fields: ["url"] } as never) as RequestError;
    expect(shown.violations.at(-1)?.message).toContain("https://…@example.org/");
  });

  test("none of it reached a server", () => expect(connections).toBe(0));
});
