import { expect, test } from "vitest";
import { checksOf, namePattern } from "../../../runner/suite/choose.js";
import { readSuite } from "../../../runner/suite/read.js";

const TEXT = `
name: mail
targets: { mx1: { target_host: mx1.example.org }, mx10: { target_host: mx10.example.org } }
checks: [{ probe: network.smtp@2 }, { probe: network.smtp@2, name: second, targets: [mx10] }]
`;

test("--target chooses whole targets", async () => {
  const { checks } = await readSuite("/suite.yaml", TEXT, {});
  const chosen = (...targets: string[]) => checksOf(checks, { targets }).map(({ title }) => title);
  expect(chosen("mx1")).toEqual(["mx1 network.smtp@2"]);
  expect(chosen("mx10")).toEqual(["mx10 network.smtp@2", "mx10 network.smtp@2 second"]);
  expect(chosen()).toHaveLength(3);
  expect(chosen("mx")).toEqual([]);
});

test.each([
  ["mx1", "mail mx1 network.smtp@2", true],
  ["mx1", "mail mx10 network.smtp@2", false],
  ["mx1", "mail backup-mx1 network.smtp@2", false],
  ["network.smtp", "mail mx1 network.smtp@2 greets", true],
  ["network.smtp", "mail mx1 networkXsmtp", false],
  ["mx1|mx2", "mail mx10 network.smtp@2", true],
  ["^mail mx", "mail mx10 network.smtp@2", true],
])("-t %s on %s", (written, name, isChosen) => {
  expect(new RegExp(namePattern(written)).test(name)).toBe(isChosen);
});
