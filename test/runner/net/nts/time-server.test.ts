import { expect, test } from "vitest";
import { timeServer } from "../../../../runner/net/nts/time-server.js";

const HOST = { host: "time.example.org", port: 123 };
const PUBLIC = "9.9.9.9";

function refused(server: string | null, reached: string | null, address: string): boolean {
  return timeServer({ server, port: null, reached }, HOST).refuse(address) !== null;
}

test("without a name and a port of the key server's, its own host is asked", () => {
  expect(timeServer({ server: null, port: null, reached: PUBLIC }, HOST)).toMatchObject(HOST);
  expect(timeServer({ server: "a.example", port: 4123, reached: PUBLIC }, HOST)).toMatchObject({ host: "a.example", port: 4123 });
});

test.each(["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"])(
  "a key server at a public address cannot lead to %s, by a name or by the next look-up of its own",
  (address) => {
    expect(refused("a.example", PUBLIC, address)).toBe(true);
    expect(refused(null, PUBLIC, address)).toBe(true);
    expect(refused("TIME.example.org", PUBLIC, address)).toBe(true);
  },
);

test("public addresses are asked, wherever the key server is", () => {
  for (const reached of [PUBLIC, "10.0.0.1", "127.0.0.1", null]) expect(refused("a.example", reached, "1.1.1.1")).toBe(false);
});

test("a key server of this network may lead into it, and not to this machine or a metadata service", () => {
  expect(refused("a.example", "10.0.0.1", "192.168.0.1")).toBe(false);
  expect(refused("a.example", "10.0.0.1", "127.0.0.1")).toBe(true);
  expect(refused("a.example", "10.0.0.1", "169.254.169.254")).toBe(true);
});

test("the host of the input may be anywhere", () => {
  expect(refused(null, "192.168.0.7", "127.0.1.1")).toBe(false);
  expect(refused("time.example.org", "192.168.0.7", "127.0.1.1")).toBe(false);
});
