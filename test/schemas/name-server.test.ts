import { expect, test } from "vitest";
import { parseServer } from "../../runner/net/dns/server-address.js";
import { parseNameServer } from "../../schemas/name-server.js";

const PLAIN = { transport: "plain", port: 53, servername: null, path: null };
const TLS = { transport: "tls", address: "192.0.2.1", port: 853, servername: null, path: null };
const HTTPS = { transport: "https", address: "192.0.2.1", port: 443, servername: null, path: "/dns-query" };

test.each([
  ["192.0.2.1", { ...PLAIN, address: "192.0.2.1" }],
  ["192.0.2.1:5353", { ...PLAIN, address: "192.0.2.1", port: 5353 }],
  ["2001:db8::1", { ...PLAIN, address: "2001:db8::1" }],
  ["[2001:db8::1]", { ...PLAIN, address: "2001:db8::1" }],
  ["[2001:db8::1]:5353", { ...PLAIN, address: "2001:db8::1", port: 5353 }],
  ["tls://192.0.2.1", TLS],
  ["tls://192.0.2.1:8853#dns.example.org", { ...TLS, port: 8853, servername: "dns.example.org" }],
  ["tls://[2001:db8::1]#dns.example.org", { ...TLS, address: "2001:db8::1", servername: "dns.example.org" }],
  ["https://192.0.2.1", HTTPS],
  ["https://192.0.2.1/dns-query", HTTPS],
  ["https://192.0.2.1/q/x?y=1#dns.example.org", { ...HTTPS, path: "/q/x?y=1", servername: "dns.example.org" }],
  ["https://[2001:db8::1]:8443/dns-query", { ...HTTPS, address: "2001:db8::1", port: 8443 }],
])("%s is a name server", (written, expected) => {
  expect(parseNameServer(written)).toEqual(expected);
  // What is shown, and part of a cache's key, leads to the same server.
  expect(parseNameServer(parseServer(written).text)).toEqual(expected);
});

test.each([
  "",
  "127.1",
  "999.0.0.1",
  "ns.example.org",
  "192.0.2.1:0",
  "192.0.2.1:65536",
  "192.0.2.1:",
  "[192.0.2.1",
  "fe80::1%eth0",
  "192.0.2.1#dns.example.org",
  "192.0.2.1/dns-query",
  "tls://dns.example.org",
  "tls://2001:db8::1",
  "tls://192.0.2.1/dns-query",
  "tls://192.0.2.1#",
  "tls://192.0.2.1#192.0.2.1",
  "tls://user@192.0.2.1",
  "https://dns.example.org/dns-query",
  "https://192.0.2.1/a b",
  "https://192.0.2.1/a\r\nX: y",
  "https://192.0.2.1/a\\b",
  "http://192.0.2.1/dns-query",
  "quic://192.0.2.1",
])("%j is not", (written) => {
  expect(parseNameServer(written)).toBeNull();
});
