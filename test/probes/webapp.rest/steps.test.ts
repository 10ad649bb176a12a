// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of steps
import { afterEach, describe, expect, test } from "vitest";
import type { newest } from "../../../probes/webapp.rest/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type Site, startHttpServer } from "../../../runner/lab/http-server.js";
import type { FilledOf } from "../../../schemas/contract.js";

type Output = FilledOf<(typeof newest)["output"]>;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function probe(site: Site, input: object): Promise<Output> {
  const server = await startHttpServer(site);
  open.push(server);
  const { output } = await run("webapp.rest@1.0.0", { url: server.origin, ...input });
  return output as Output;
}

const says =
  (body: string, headers = {}): Site =>
  () => ({ headers, body });
/** The result of one step with these assertions, for a body. */
async function judged(body: string, expected: object): Promise<Output["steps"][number]> {
  return (await probe(says(body), { steps: [{ expect: expected }] })).steps[0] as Output["steps"][number];
}

test("values go from one step to the next, and secrets into no output", async () => {
  const heard: string[] = [];
  const site: Site = (path, { method, headers }) => {
    heard.push(`${method} ${path} ${headers.authorization ?? "-"}`);
    return path === "/login"
      ? { headers: { "x-next": "a b/c" }, body: '{"token":"t0ken-of-the-test","n":[1]}' }
      : { body: '{"ok":true,"echo":"t0ken-of-the-test"}' };
  };
  const output = await probe(site, {
    steps: [
      {
        path: "/login",
        method: "POST",
        json: { a: 1 },
        capture: { token: { json: "/token", secret: true }, next: { header: "X-Next" }, list: { json: "/n" } },
      },
      { path: "/of/${next}?q=${list}", headers: { Authorization: "Bearer ${token}" }, expect: { json: { "/ok": true } } },
    ],
  });
  expect(output).toMatchObject({
    status: "ok",
    failure: null,
    steps: [{ outcome: "passed", captures: { token: "[secret]", next: "a b/c", list: "[1]" } }, { outcome: "passed" }],
  });
  expect(heard).toEqual(["POST /login -", "GET /of/a%20b%2Fc Bearer t0ken-of-the-test"]);
  expect(JSON.stringify(output)).not.toContain("t0ken-of");
});

test("nothing is lost when a step fails, and the next ones are not sent", async () => {
  const output = await probe(says('{"a":1,"b":2}'), {
    steps: [{ expect: { status: 201, json: { "/a": 2, "/b": 2, "/c": { absent: false } } } }, { path: "/never" }],
  });
  expect(output).toMatchObject({ status: "error", failure: null });
  expect(output.steps.map(({ outcome }) => outcome)).toEqual(["failed", "not_reached"]);
  expect(output.steps[0]?.assertions.map(({ target, passed }) => [target, passed])).toEqual([
    ["status", false],
    ["json /a", false],
    ["json /b", true],
    ["json /c", false],
  ]);
  expect(output.findings).toHaveLength(3);
  expect(output.steps[0]?.exchange).toMatchObject({ status: 200, phases: { first_byte_ms: expect.any(Number) } });
});

test("a server that closed the connection fails its step, and earlier steps stay", async () => {
  const output = await probe(says("{}"), { steps: [{}, { path: "/", headers: { "X-A": "1" } }], tls: {} });
  expect(output.status).toBe("ok");
  const server = await startHttpServer(says("{}"));
  await server.close();
  const gone = (await run("webapp.rest", { url: server.origin, steps: [{}, {}] })).output as Output;
  expect(gone).toMatchObject({
    status: "error",
    failure: { phase: "connect", code: "refused" },
    steps: [{ outcome: "broken", failure: { code: "refused" } }, { outcome: "not_reached" }],
  });
});

describe("JSON", () => {
  test.each<[body: string, pointer: string, wanted: unknown, passed: boolean]>([
    ['{"a":{"b/c":{"d~e":[1,{"x":null}]}}}', "/a/b~1c/d~0e/1/x", null, true],
    ["[1,2]", "", [1, 2], true],
    ["[1,2]", "", [2, 1], false],
    ['{"a":1,"b":2}', "", { equals: { b: 2, a: 1 } }, true],
    ['{"a":1}', "", { equals: {} }, false],
    ["[1]", "/01", { absent: true }, true],
    ["[1]", "/length", { absent: true }, true],
    ['{"__proto__":{"a":1}}', "/__proto__/a", 1, true],
    ["{}", "/__proto__", { absent: true }, true],
    ["{}", "/constructor", { absent: true }, true],
    ["\ufeff{}", "", { equals: {} }, true],
    ["NaN", "", { absent: true }, false],
    ["<html>", "/a", { absent: true }, false],
    ["", "/a", { absent: true }, false],
    [`${"[".repeat(5000)}${"]".repeat(5000)}`, "/0", { absent: false }, false],
    ['{"a":0.1}', "/a", { min: 0.05, max: 0.2 }, true],
  ])("%j at %j", async (body, pointer, wanted, passed) => {
    expect((await judged(body, { json: { [pointer]: wanted } })).assertions[1]).toMatchObject({ target: `json ${pointer}`, passed });
  });

  test("what readers understand differently is reported", async () => {
    expect((await judged('{"a":9007199254740993,"a":1e400,"s":"{\\"x\\":1,\\"x\\":2}"}', { json: { "/s": { contains: "x" } } })).anomalies).toEqual([
      "inexact_number",
      "duplicate_key",
    ]);
  });

  test("a schema, with every place where it does not fit", async () => {
    const schema = {
      type: "object",
      required: ["id"],
      properties: { id: { type: "integer" }, tags: { type: "array", items: { type: "string", pattern: "^[a-z]+$" } } },
    };
    expect(await judged('{"id":1,"tags":["a"]}', { schema })).toMatchObject({ outcome: "passed", schema_violations: [] });
    const { outcome, schema_violations: violations } = await judged('{"id":"x","tags":["a","B"]}', { schema });
    expect([outcome, violations.map(({ pointer }) => pointer)]).toEqual(["failed", ["/id", "/tags/1"]]);
  });
});

describe("XML", () => {
  const feed =
    '<?xml version="1.0"?>\n<feed version="2"><!-- no --><entry><title>one &amp; &#x41;</title></entry><entry><title><![CDATA[<two>]]></title></entry></feed>';

  test("is asserted by path", async () => {
    expect(await judged(feed, { xml: { "/feed/entry[2]/title": { contains: "two" }, "/feed/@version": { in: ["2"] } } })).toMatchObject({ outcome: "passed" });
    expect(await judged("{}", { xml: { "/feed": "x" } })).toMatchObject({ outcome: "failed", assertions: [{}, { actual: expect.stringContaining("no XML") }] });
  });
});

test("wrong input is reported at once, and nothing is sent", async () => {
  const refusal = async (input: object) =>
    ((await run("webapp.rest", input as never).catch((error: unknown) => error)) as { violations: { pointer: string }[] }).violations.map(
      ({ pointer }) => pointer,
    );
  expect(
    (
      await refusal({
        url: "x",
        steps: [
          { path: "//other.example/" },
          { expect: { json: { nope: 1 }, body: { matches: "(" } } },
          { capture: { "bad name": { json: "/a" } } },
          { path: "/a b" },
        ],
      })
    ).sort(),
  ).toEqual(["/steps/0/path", "/steps/1/expect/body/matches", "/steps/1/expect/json/nope", "/steps/2/capture/bad name", "/steps/3/path", "/url"]);
  expect(
    await refusal({
      url: "http://127.0.0.1:1",
      steps: [{ expect: { schema: { type: "nonsense" } } }, { json: 1, body: "x" }, { expect: { schema: { pattern: "(a+)+$" } } }],
    }),
  ).toEqual(["/steps/0/expect/schema", "/steps/2/expect/schema", "/steps/1/body"]);
});
