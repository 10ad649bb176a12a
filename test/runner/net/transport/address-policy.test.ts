import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressUse } from "../../../../runner/net/transport/address-policy.js";

describe("what an address is for", () => {
  test.each([
    ["93.184.215.14", "global"],
    ["8.8.8.8", "global"],
    ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "global"],
    ["2a00:1450:4001:80e::200e", "global"],
    ["0.0.0.0", "this_network"],
    ["0.1.2.3", "this_network"],
    ["::", "this_network"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["::1", "loopback"],
    ["10.0.0.1", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["172.32.0.0", "global"],
    ["172.15.255.255", "global"],
    ["192.168.1.1", "private"],
    ["fd00::1", "private"],
    ["fec0::1", "private"],
    ["100.64.0.1", "shared"],
    ["100.127.255.255", "shared"],
    ["100.128.0.0", "global"],
    ["169.254.169.254", "link_local"],
    ["fe80::1", "link_local"],
    ["fe80::1%eth0", "link_local"],
    ["febf::1", "link_local"],
    ["192.0.2.1", "documentation"],
    ["198.51.100.1", "documentation"],
    ["203.0.113.1", "documentation"],
    ["2001:db8::1", "documentation"],
    ["3fff:fff::1", "documentation"],
    ["198.18.0.1", "benchmarking"],
    ["2001:2::1", "benchmarking"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["192.0.0.8", "reserved"],
    ["192.88.99.1", "six_to_four"],
    ["2002:7f00:1::", "six_to_four"],
    ["2001:0:4136:e378::", "teredo"],
    ["2001:10::1", "reserved"],
    ["2001:200::1", "global"],
    ["::ffff:127.0.0.1", "v4_mapped"],
    ["::ffff:7f00:1", "v4_mapped"],
    ["::ffff:93.184.215.14", "v4_mapped"],
    ["::127.0.0.1", "v4_mapped"],
    ["::ffff:0:127.0.0.1", "v4_translated"],
    ["64:ff9b::127.0.0.1", "nat64"],
    ["64:ff9b::5db8:d70e", "nat64"],
    ["64:ff9b:1:ffff::1", "nat64"],
    ["100::1", "discard"],
    ["4000::1", "reserved"],
    ["1000::1", "reserved"],
    ["ffff::1", "multicast"],
  ])("%s is %s", (address, scope) => {
    const use = addressUse(address);
    expect(use.scope).toBe(scope);
    expect(use.standard === null).toBe(scope === "global");
  });

  test.each(["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "1.2.3.4.5", "::g"])("%j is refused: it is no address", (text) => {
    expect(() => addressUse(text)).toThrow("is no IP address");
  });
});

describe("for any address", () => {
  const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }).map((parts) => parts.join("."));
  const isScope = (address: string, scope: string): boolean => addressUse(address).scope === scope;

  test("wrapped into IPv6, an IPv4 address is never global", () => {
    fc.assert(
      fc.property(octets, fc.constantFrom("::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::"), (address, prefix) => {
        expect(isScope(prefix + address, "global")).toBe(false);
      }),
    );
  });

  test("however it is written, an IPv6 address has one use", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const { hostname } = new URL(`http://[${address}]/`);
        expect(addressUse(hostname.slice(1, -1))).toEqual(addressUse(address));
        expect(addressUse(address.toUpperCase())).toEqual(addressUse(address));
      }),
    );
  });

  // Node's own matcher judges the same networks: whatever it finds in them must not be global.
  test("what lies in a special network by Node's own reading is not global", () => {
    const special = new BlockList();
    const networks = [
      "0.0.0.0/8",
      "10.0.0.0/8",
      "100.64.0.0/10",
      "127.0.0.0/8",
      "169.254.0.0/16",
      "172.16.0.0/12",
      "192.168.0.0/16",
      "198.18.0.0/15",
      "224.0.0.0/3",
    ];
    const networks6 = ["fc00::/7", "fe80::/10", "ff00::/8", "2002::/16", "2001::/23", "2001:db8::/32", "3fff::/20"];
    for (const network of [...networks, ...networks6]) {
      const [address, bits] = network.split("/") as [string, string];
      special.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
    }
    fc.assert(
      fc.property(fc.oneof(octets, fc.ipV6()), (address) => {
        if (special.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")) expect(isScope(address, "global")).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
