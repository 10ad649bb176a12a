import { expect, test } from "vitest";
import { type DrawnPath, pathPicture } from "../../../runner/formats/pretty/path-picture.js";
import { waterfall } from "../../../runner/formats/pretty/waterfall.js";
import type { Report } from "../../../runner/harness/run.js";
import { styleFor } from "../../../runner/support/style.js";
import { cellsOf } from "../../../runner/support/text-width.js";

const plain = styleFor({ isTty: false, columns: 80 }, {});
const probe = (address: string | null, rtt_ms: number | null, message: string | null = null) => ({ address, rtt_ms, message });
const hop = (ttl: number, probes: ReturnType<typeof probe>[]) => {
  const addresses = [...new Set(probes.flatMap(({ address }) => address ?? []))];
  return { ttl, addresses, probes, loss_percent: (probes.filter(({ address }) => address === null).length / probes.length) * 100 };
};

const path: DrawnPath = {
  hops: [
    hop(1, [probe("198.51.100.1", 1), probe("198.51.100.1", 1), probe("198.51.100.1", 1)]),
    hop(2, [probe(null, null), probe(null, null), probe(null, null)]),
    hop(3, [probe("198.51.100.3", 10), probe("198.51.100.33", 15), probe(null, null)]),
    hop(4, [probe("192.0.2.9", 18), probe("192.0.2.9", 20), probe("192.0.2.9", 19)]),
  ],
  routers: [
    { address: "198.51.100.3", names: ["edge.example.net"], as_number: 64500 },
    { address: "192.0.2.9", names: [], as_number: 64501 },
  ],
  loops: [],
  ip_address: "192.0.2.9",
};

test("each address of a hop has a line with its name, its AS and its round trips on one scale", () => {
  expect(pathPicture(path, { width: 100, style: plain })).toEqual([
    "  1  198.51.100.1                              ▏                        1.0 ms",
    "  2  no answer",
    "  3  198.51.100.3   edge.example.net  AS64500          ▏               10.0 ms  1 of 3 silent",
    "     198.51.100.33                                         ▏           15.0 ms",
    "  4  192.0.2.9      AS64501                                   █▊  18.0-20.0 ms",
  ]);
});

test("loops, and what a router reports", () => {
  const [first = "", second = ""] = pathPicture(
    {
      ...path,
      hops: [hop(1, [probe("198.51.100.2", 3)]), hop(2, [probe("198.51.100.3", 4, "host unreachable\u001b[31m")])],
      routers: [],
      loops: ["198.51.100.2"],
    },
    { width: 80, style: plain },
  );
  expect(first).toMatch(/^ {2}1 {2}198\.51\.100\.2 .*3\.0 ms {2}loop$/);
  expect(second).toContain("host unreachable");
  expect(second).not.toContain("\u001b");
});

test("in a narrow terminal no line is longer than it", () => {
  const long = { ...path, routers: [{ address: "198.51.100.3", names: [`${"a".repeat(60)}.example.net`], as_number: 64500 }] };
  for (const width of [60, 80, 100]) for (const line of pathPicture(long, { width, style: plain })) expect(cellsOf(line)).toBeLessThanOrEqual(width);
});

test("a run draws the path in place of its hops, and keeps its other operations", () => {
  const operation = (name: string) => ({ name, at_ms: 1, duration_ms: 10, code: null, message: null });
  const carried = { ...path, status: "ok", failure: null, operations: [operation("hop 1"), operation("PTR")], duration_ms: 100, target_host: "192.0.2.9" };
  const reportOf = (output: object) => ({ probe: "network.traceroute", version: "1.0.0", carried: output, envelope: { output } }) as unknown as Report;
  const text = waterfall(reportOf(carried), { width: 100, style: plain });
  expect(text).toContain("198.51.100.33");
  expect(text).not.toContain("hop 1");
  expect(text).toContain("PTR");
  const failed = { ...carried, hops: [], operations: [operation("hop 1")] };
  expect(waterfall(reportOf(failed), { width: 100, style: plain })).toContain("hop 1");
});
