import { describe, expect, test } from "vitest";
import { isOwnHost } from "../../../../runner/net/http/own-host.js";

const LOCAL = { listening: "127.0.0.1", address: "127.0.0.1", names: [] };

describe("a server on the loopback", () => {
  test.each(["127.0.0.1", "127.0.0.1:9464", "127.9.8.7:1", "[::1]:9464", "localhost", "LOCALHOST.:80", "status.localhost:9464", undefined])(
    "answers to %s",
    (host) => expect(isOwnHost(host, LOCAL)).toBe(true),
  );

  test.each([
    "attacker.example",
    "attacker.example:9464",
    "localhost.attacker.example",
    "127.0.0.1.attacker.example",
    "attackerlocalhost",
    "127.0.0.1@attacker.example",
    "user@localhost",
    "localhost:80:80",
    "192.0.2.1",
    "[2001:db8::1]:9464",
    "[localhost]",
    "[::1",
    "",
    ":9464",
    ".",
    "localhost/x",
    "localhost\t",
  ])("does not answer to %j", (host) => expect(isOwnHost(host, LOCAL)).toBe(false));

  test("answers to its names, and to the name that it listens at", () => {
    const named = { ...LOCAL, listening: "Machine", names: ["status.example.org"] };
    expect(["status.example.org", "Status.Example.org.:443", "machine:9464", "localhost"].map((host) => isOwnHost(host, named))).not.toContain(false);
    expect(["www.status.example.org", "example.org"].map((host) => isOwnHost(host, named))).toEqual([false, false]);
  });

  test("is on the loopback also where a socket for both families wraps the address", () => {
    expect(isOwnHost("attacker.example", { ...LOCAL, listening: "::", address: "::ffff:127.0.0.1" })).toBe(false);
  });
});

describe("a server at another address", () => {
  const elsewhere = { listening: "::", address: "::ffff:192.0.2.7", names: [] };

  test("answers to every name while it has none", () => {
    expect(isOwnHost("status.example.org", elsewhere)).toBe(true);
  });

  test("with names, it answers to them and to its address", () => {
    const named = { ...elsewhere, names: ["status.example.org"] };
    expect(["status.example.org", "192.0.2.7:9464", "localhost", "attacker.example", "192.0.2.8"].map((host) => isOwnHost(host, named))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
