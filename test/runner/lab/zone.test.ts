import { describe, expect, test } from "vitest";
import { parseZone } from "../../../runner/lab/dns/zone.js";
import { zoneText } from "../../support/zones.js";

describe("a zone", () => {
  test("is read line by line: owners, times to live, names with and without their last dot, comments and texts", () => {
    const zone = parseZone(`
$ORIGIN Example.
$TTL 60
@ IN SOA ns.example. hostmaster 1 2 3 4 5 ; the start
www 5 A 192.0.2.1
    IN AAAA 2001:db8::1
text TXT "one; two" three
mail MX 10 mx.other.
null MX 0 .
_25._tcp.mail TLSA 3 1 1 ab01
`);
    expect(zone.origin).toBe("example");
    expect(zone.records).toEqual([
      {
        name: "example",
        type: "SOA",
        ttl: 60,
        class: "IN",
        data: { mname: "ns.example", rname: "hostmaster.example", serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
      },
      { name: "www.example", type: "A", ttl: 5, class: "IN", data: "192.0.2.1" },
      { name: "www.example", type: "AAAA", ttl: 60, class: "IN", data: "2001:db8::1" },
      { name: "text.example", type: "TXT", ttl: 60, class: "IN", data: ["one; two", "three"] },
      { name: "mail.example", type: "MX", ttl: 60, class: "IN", data: { preference: 10, exchange: "mx.other" } },
      { name: "null.example", type: "MX", ttl: 60, class: "IN", data: { preference: 0, exchange: "." } },
      {
        name: "_25._tcp.mail.example",
        type: "TLSA",
        ttl: 60,
        class: "IN",
        data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from([0xab, 1]) },
      },
    ]);
  });

  test("says which line cannot be read", () => {
    expect(() => parseZone("$ORIGIN example.\n@ SOA a b 1 1 1 1 1\nwww LOC nowhere")).toThrow(
      'line 3 of the zone: records of type "LOC" are not read: www LOC nowhere',
    );
    expect(() => parseZone("$ORIGIN example.\nwww A 192.0.2.1")).toThrow("no SOA");
  });

  test.each(["example", "other"] as const)("of the fixtures is read whole: %s", (name) => {
    expect(parseZone(zoneText(name)).origin).toBe(name);
  });
});
