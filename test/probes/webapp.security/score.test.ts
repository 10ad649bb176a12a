import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { first, type newest, type Rule } from "../../../probes/webapp.security/schema.js";
import { scoreOf } from "../../../probes/webapp.security/score.js";
import { run } from "../../../runner/harness/run.js";
import { type Page, startHttpServer } from "../../../runner/lab/http-server.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import type { HttpServer } from "../../../runner/net/http/listen.js";
import type { FilledOf } from "../../../schemas/contract.js";

type Output = FilledOf<(typeof newest)["output"]>;

const rule = (name: string, result: Rule["result"]): Rule => ({ rule: name, result, message: `${name} ${result}`, evidence: [], fix: null });

describe("the score", () => {
  test("is 100 without a reason", () => {
    expect(scoreOf([rule("https", "pass"), rule("cookies", "not_applicable")])).toMatchObject({ points: 100, grade: "A", reasons: [], unknown: [] });
  });

  test("is lowered by each reason, the costliest first, and never below zero", () => {
    const { points, grade, reasons } = scoreOf([rule("nosniff", "warning"), rule("content_security_policy", "warning")]);
    expect({ points, grade }).toEqual({ points: 75, grade: "C" });
    expect(reasons).toEqual([
      { rule: "content_security_policy", points: 20, message: "content_security_policy warning" },
      { rule: "nosniff", points: 5, message: "nosniff warning" },
    ]);
    const worst = scoreOf([rule("https", "error"), rule("cors", "error"), rule("cookies", "warning")]);
    expect(worst).toMatchObject({ points: 0, grade: "F" });
    expect(worst.reasons).toHaveLength(3);
  });

  test("has no grade while a rule is unknown", () => {
    expect(scoreOf([rule("tls", "unknown"), rule("nosniff", "warning")])).toMatchObject({ points: 95, grade: null, unknown: ["tls"] });
    expect(scoreOf([], ["tls"])).toMatchObject({ grade: null, unknown: ["tls"] });
  });
});

const HTML = "text/html; charset=utf-8";
const SAFE = {
  "content-type": HTML,
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "permissions-policy": "camera=()",
  "cross-origin-opener-policy": "same-origin",
  "strict-transport-security": "max-age=31536000",
};
const PAGES: Readonly<Record<string, Page>> = {
  "/": { headers: SAFE },
  "/login": { headers: { ...SAFE, "set-cookie": ["sid=1"] } },
  "/account": { status: 302, headers: { location: "/login" } },
  "/old": { headers: { ...SAFE, "content-security-policy": "" } },
  "/older": { headers: { ...SAFE, "content-security-policy": "" } },
  "/circle": { status: 302, headers: { location: "/circle" } },
};

describe("several paths of a site", () => {
  let server: HttpServer;
  const asked: string[] = [];
  beforeAll(async () => {
    const certificate = selfSigned({ names: ["localhost"] });
    const site = (path: string): Page => {
      asked.push(path);
      return PAGES[path] ?? { status: 404, headers: SAFE };
    };
    server = await startHttpServer(site, { certificate });
  });
  afterAll(() => server.close());

  const judge = async (input: object, version = "1.1.0"): Promise<Output> => {
    asked.length = 0;
    const whole = { url: `https://localhost:${server.port}/`, address_family: "ipv4", http_port: 1, tls: { verify: "ignore" }, tls_policy: "none", ...input };
    return (await run(`webapp.security@${version}` as "webapp.security", whole as never)).output as Output;
  };
  const broken = (rules: readonly Rule[]): string[] => rules.flatMap(({ rule: name, result }) => (result === "warning" || result === "error" ? [name] : []));

  test("each path has its own rules and score, and what they share is one finding", async () => {
    const seen = await judge({ paths: ["/login", "/old", "/older"] });
    expect(broken(seen.rules)).toEqual(["security_txt"]);
    expect(seen.score).toMatchObject({ points: 98, grade: "A" });
    expect(seen.paths.map(({ path, rules, score }) => [path, broken(rules), score?.points, score?.grade])).toEqual([
      ["/login", ["cookies"], 83, "B"],
      ["/old", ["content_security_policy", "framing"], 63, "D"],
      ["/older", ["content_security_policy", "framing"], 63, "D"],
    ]);
    expect(seen.findings.map(({ reason, message }) => `${reason} ${message.split(":")[0]}`)).toEqual([
      "security_txt /",
      "cookies /login",
      "content_security_policy /old, /older",
      "framing /old, /older",
    ]);
    // A path's score counts the rules of the whole site, too.
    expect(seen.paths[0]?.score?.reasons.map((reason) => reason.rule)).toEqual(["cookies", "security_txt"]);
    // The page and the foreign origin's request for each, and security.txt once: plain HTTP has no server here.
    expect(asked.sort()).toEqual(["/", "/", "/.well-known/security.txt", "/login", "/login", "/old", "/old", "/older", "/older"]);
  });

  test("a path that leads to the login is judged there", async () => {
    const seen = await judge({ paths: ["/account"] });
    expect(seen.paths).toMatchObject([{ path: "/account", final_url: `https://localhost:${server.port}/login`, failure: null }]);
    expect(seen.paths[0]?.hops.map(({ status }) => status)).toEqual([302, 200]);
    expect(broken(seen.paths[0]?.rules ?? [])).toEqual(["cookies"]);
  });

  test("a path that fails takes nothing from the others", async () => {
    const seen = await judge({ paths: ["/circle", "/login"] });
    expect(seen).toMatchObject({ status: "error", failure: { phase: "redirect", code: "limit_exceeded" }, score: { points: 98 } });
    expect(seen.paths).toMatchObject([
      { path: "/circle", failure: { code: "limit_exceeded" }, score: null, rules: [] },
      { path: "/login", failure: null, score: { points: 83 } },
    ]);
  });

  test("if the page itself fails, the paths are judged, and have no grade without the site's rules", async () => {
    const seen = await judge({ url: `https://localhost:${server.port}/circle`, paths: ["/login"] });
    expect(seen).toMatchObject({ status: "error", score: null, rules: [] });
    expect(seen.paths).toMatchObject([{ failure: null, score: { points: 85, grade: null, unknown: ["https_redirect", "tls", "security_txt"] } }]);
  });

  test("1.0.0 is served as before", async () => {
    const seen = await judge({}, "1.0.0");
    expect(first.output.validator(seen)).toBe(true);
    expect(seen).toMatchObject({ status: "warning", findings: [{ reason: "security_txt", message: "there is no /.well-known/security.txt" }] });
    await expect(judge({ paths: ["/"] }, "1.0.0")).rejects.toThrow(/does not fit/);
  });

  test.each(["login", "//other.example/", "/a b", "/a#b", "https://other.example/"])("%s is no path, and nothing is sent", async (path) => {
    await expect(judge({ paths: [path] })).rejects.toThrow(/does not fit/);
    expect(asked).toEqual([]);
  });
});
