import { expect, test } from "vitest";
import { pageHosts } from "../../../runner/browser/page-hosts.js";

const INPUT = { namedHosts: ["www.example.org"], allowedHosts: null, allowPrivate: false };

test("a host that the input names may be anywhere, and others at public addresses only", () => {
  const { refuseAddress } = pageHosts(INPUT);
  expect(refuseAddress("WWW.example.org", "10.1.2.3")).toBeNull();
  expect(refuseAddress("www.example.org", "10.1.2.4")).toBeNull();
  expect(refuseAddress("cdn.example.net", "8.8.8.8")).toBeNull();
  expect(refuseAddress("cdn.example.net", "10.1.2.3")).toContain("not public (private, RFC 1918)");
});

test.each([["127.0.0.1"], ["169.254.169.254"], ["::1"], ["fd00::1"]])("one that had a public address does not move to %s", (inner) => {
  const { refuseAddress } = pageHosts(INPUT);
  expect(refuseAddress("www.example.org", "8.8.8.8")).toBeNull();
  expect(refuseAddress("WWW.EXAMPLE.ORG", inner)).toContain("which is not public");
  expect(refuseAddress("www.example.org", "8.8.4.4")).toBeNull();
});

test("allow_private allows both, and allowed_hosts no other host", () => {
  const open = pageHosts({ ...INPUT, allowPrivate: true });
  expect([open.refuseAddress("www.example.org", "8.8.8.8"), open.refuseAddress("www.example.org", "127.0.0.1")]).toEqual([null, null]);
  const closed = pageHosts({ ...INPUT, allowedHosts: ["*.example.net"] });
  const refused = ["www.example.org", "a.example.net", "example.net"].map((host) => closed.refuseHost(host));
  expect(refused).toEqual([null, null, "example.net is not one of allowed_hosts"]);
});
