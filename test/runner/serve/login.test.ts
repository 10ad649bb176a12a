import { expect, test } from "vitest";
import type { HttpAsked } from "../../../runner/net/http/serve.js";
import { parseRange } from "../../../runner/net/transport/address-policy.js";
import { Attempts } from "../../../runner/serve/login/attempts.js";
import { Login } from "../../../runner/serve/login/login.js";
import { openLogin } from "../../../runner/serve/login/open-login.js";

const login = (): Login =>
  new Login({
    tokens: ["a-long-token", "another-token"],
    users: new Map([
      ["ops", "pass:word"],
      ["eve", "päßword"],
    ]),
    proxies: { ranges: [parseRange("10.0.0.0/8") as NonNullable<ReturnType<typeof parseRange>>], header: "remote-user" },
  });
const asked = (headers: Readonly<Record<string, string>>, address = "127.0.0.1", isEncrypted = false): HttpAsked => ({
  method: "GET",
  query: new URLSearchParams(),
  header: (name) => headers[name] ?? null,
  signal: new AbortController().signal,
  address,
  isEncrypted,
});
const basic = (text: string): { authorization: string } => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
const status = (access: ReturnType<Login["access"]>): string | number => (typeof access === "object" ? access.status : access);

test.each([
  ["no credentials", {}, "public"],
  ["a token", { authorization: "Bearer another-token" }, "operator"],
  ["the scheme in lower case", { authorization: "bearer another-token" }, "operator"],
  ["a wrong token", { authorization: "Bearer a-long-toke" }, 401],
  ["a token as a password", basic("ops:a-long-token"), 401],
  ["a password with a colon", basic("ops:pass:word"), "operator"],
  ["a password in UTF-8", basic("eve:päßword"), "operator"],
  ["the password of another user", basic("ops:päßword"), 401],
  ["no colon", basic("opspass:word".replaceAll(":", "")), 401],
  ["an empty name", basic(":pass:word"), 401],
  ["an unknown scheme", { authorization: "Digest x" }, 401],
  ["an empty header", { authorization: "" }, 401],
])("%s", (_name, headers, expected) => {
  expect(status(login().access(asked(headers), 0))).toBe(expected);
});

test("credentials in the clear are accepted from this machine and a listed proxy only", () => {
  const right = { authorization: "Bearer a-long-token" };
  expect(status(login().access(asked(right, "192.0.2.1"), 0))).toBe(403);
  expect(status(login().access(asked(right, "192.0.2.1", true), 0))).toBe("operator");
  expect(status(login().access(asked(right, "10.1.2.3"), 0))).toBe("operator");
});

test("the header of a proxy counts from a listed address only", () => {
  const named = { "remote-user": "ops" };
  expect(status(login().access(asked(named, "10.1.2.3"), 0))).toBe("operator");
  expect(status(login().access(asked(named, "192.0.2.1", true), 0))).toBe("public");
  expect(status(login().access(asked({ "remote-user": "" }, "10.1.2.3"), 0))).toBe("public");
});

test("after ten failures in a minute an address waits, even with the right password; others do not", () => {
  const it = login();
  for (let count = 0; count < 10; count++) expect(status(it.access(asked(basic("ops:no")), 1000))).toBe(401);
  const refused = it.access(asked(basic("ops:pass:word")), 31_000);
  expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "30" } });
  expect(status(it.access(asked(basic("ops:pass:word"), "127.0.0.2"), 31_000))).toBe("operator");
  expect(status(it.access(asked(basic("ops:pass:word")), 61_001))).toBe("operator");
});

test("behind a proxy its clients are counted, by the address that the proxy itself added", () => {
  const it = login();
  const from = (address: string) => asked({ ...basic("ops:no"), "x-forwarded-for": `1.2.3.4, ${address}` }, "10.0.0.1");
  for (let count = 0; count < 10; count++) it.access(from("192.0.2.7"), 0);
  expect(status(it.access(from("192.0.2.7"), 0))).toBe(429);
  expect(status(it.access(from("192.0.2.8"), 0))).toBe(401);
});

test("addresses of one IPv6 network are one client, and memory is bounded", () => {
  const attempts = new Attempts();
  for (let count = 0; count < 10; count++) attempts.failed(`2001:db8::${count}`, 0);
  expect(attempts.waitSeconds("2001:db8:0:0:ffff::1", 0)).toBe(60);
  expect(attempts.waitSeconds("2001:db8:0:1::1", 0)).toBe(0);
  for (let count = 0; count < 10_000; count++) attempts.failed(`192.0.${count >> 8}.${count & 255}`, 0);
  expect(attempts.waitSeconds("2001:db8::1", 0)).toBe(0);
});

test("secrets are read from references; an invalid range is reported", async () => {
  process.env.PAGE_TOKEN_OF_TEST = "token-from-environment";
  const opened = await openLogin({ tokens: [{ secret: "env:PAGE_TOKEN_OF_TEST" }], users: { ops: "a-password" } });
  expect(opened?.credentials.tokens).toEqual(["token-from-environment"]);
  expect(opened?.credentials.users.get("ops")).toBe("a-password");
  await expect(openLogin({ tokens: [{ secret: "env:NOT_SET_IN_THIS_TEST" }] })).rejects.toThrow();
  await expect(openLogin({ proxies: { addresses: ["everything"] } })).rejects.toThrow("login of the status page");
  expect(await openLogin(undefined)).toBeNull();
});
