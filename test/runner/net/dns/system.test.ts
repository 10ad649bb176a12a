import { describe, expect, test } from "vitest";
import { hostsIn, isLocalhost } from "../../../../runner/net/dns/hosts-file.js";
import { dnsName, isWithin } from "../../../../runner/net/dns/name.js";
import { parseServer } from "../../../../runner/net/dns/server-address.js";
import { serversIn } from "../../../../runner/net/dns/system-servers.js";

describe("resolv.conf", () => {
  test("gives the servers in order, without comments, search lists and invalid addresses", () => {
    const text =
      "# nameserver 192.0.2.9\nsearch example.org corp\nnameserver 192.0.2.1 # the first\n  nameserver\t2001:db8::53\r\nnameserver fe80::1%eth0\nnameserver dns.example.org\noptions timeout:1\n; nameserver 192.0.2.8";
    expect(serversIn(text)).toMatchObject([
      { transport: "plain", address: "192.0.2.1", port: 53, family: 4, text: "192.0.2.1" },
      { transport: "plain", address: "2001:db8::53", port: 53, family: 6, text: "2001:db8::53" },
      { transport: "plain", address: "fe80::1%eth0", port: 53, family: 6, text: "fe80::1%eth0" },
    ]);
    expect(parseServer("fe80::1%eth0")).toEqual(serversIn(text)[2]);
  });

  test("without a server means this machine", () => {
    expect(serversIn("search example.org\n").map(({ text }) => text)).toEqual(["127.0.0.1"]);
  });
});

test("a table of hosts gives each of its names every one of its addresses", () => {
  const hosts = hostsIn(
    "127.0.0.1 localhost\n::1 localhost ip6-localhost # loopback\n192.0.2.1\tMX.Example.org mx\n192.0.2.1 mx\n# 192.0.2.2 no\nnonsense mx\n",
  );
  expect(Object.fromEntries(hosts)).toEqual({ localhost: ["127.0.0.1", "::1"], "ip6-localhost": ["::1"], "mx.example.org": ["192.0.2.1"], mx: ["192.0.2.1"] });
});

test("localhost is what RFC 6761 says", () => {
  expect(["localhost", "a.localhost", "localhost.example", "notlocalhost"].map(isLocalhost)).toEqual([true, true, false, false]);
});

test.each([
  ["192.0.2.1", "192.0.2.1", 53],
  ["192.0.2.1:5353", "192.0.2.1", 5353],
  ["2001:db8::1", "2001:db8::1", 53],
  ["[2001:db8::1]", "2001:db8::1", 53],
  ["[2001:db8::1]:5353", "2001:db8::1", 5353],
])("the name server %s", (written, address, port) => {
  expect(parseServer(written)).toMatchObject({ address, port });
  expect(parseServer(parseServer(written).text)).toEqual(parseServer(written));
});

test("names are compared in lower case, without the trailing dot, label by label", () => {
  expect(dnsName("Mail.Example.ORG.")).toBe("mail.example.org");
  expect(dnsName(".")).toBe(".");
  expect(dnsName("_25._tcp.mx.example")).toBe("_25._tcp.mx.example");
  expect(["..", ".a", "a..", "é.example", "a\n.example"].map(dnsName)).toEqual([null, null, null, null, null]);
  expect([isWithin("a.example", "example"), isWithin("example", "example"), isWithin("anexample", "example"), isWithin("a", ".")]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});
