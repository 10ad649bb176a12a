import { describe, expect, test } from "vitest";
import { readStsRecords } from "../../../../runner/tls-policy/sts/record.js";

describe("point 49: exactly one TXT record announces a policy", () => {
  test.each([
    ["v=STSv1; id=20160831085700Z;", "20160831085700Z"],
    ["v=STSv1;id=1", "1"],
    ["v=STSv1 ;\tid=abc ; ", "abc"],
    ["v=STSv1; id=abc; future=some-thing", "abc"],
    ["v=STSv1; future=x; id=abc", "abc"],
  ])("%s", (text, id) => {
    expect(readStsRecords([[text]])).toEqual({ kind: "announced", id });
  });

  test("whose strings are joined, beside unrelated records", () => {
    expect(readStsRecords([["v=spf1 -all"], [Buffer.from("v=STS"), Buffer.from("v1; id="), "7"], "google-site-verification=1"])).toEqual({
      kind: "announced",
      id: "7",
    });
  });

  test.each([[[]], [[["v=spf1 -all"]]], [[["v=STSv2; id=1"]]], [[[" v=STSv1; id=1"]]], [[["V=STSv1; id=1"]]], [[["v=STSv1"]]]])("%j is invalid", (records) => {
    expect(readStsRecords(records as string[][])).toEqual({ kind: "none" });
  });

  test("two records count as none", () => {
    expect(readStsRecords([["v=STSv1; id=1"], ["v=STSv1; id=1"]])).toMatchObject({ kind: "invalid", message: expect.stringContaining("2 MTA-STS records") });
  });
});

describe("point 53: the id's syntax", () => {
  test.each([
    "v=STSv1;",
    "v=STSv1; id=",
    "v=STSv1; id=a-b",
    "v=STSv1; id=a b",
    `v=STSv1; id=${"1".repeat(33)}`,
    "v=STSv1; identity=1",
    "v=STSv1;; id=1",
    "v=STSv1; id=1;;",
  ])("%s is refused", (text) => {
    expect(readStsRecords([[text]])).toMatchObject({ kind: "invalid" });
  });
});
