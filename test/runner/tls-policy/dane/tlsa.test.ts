import { describe, expect, test } from "vitest";
import { selfSigned } from "../../../../runner/lab/self-signed.js";
import { showTlsa, usableTlsa } from "../../../../runner/tls-policy/dane/tlsa.js";
import type { Tlsa } from "../../../../runner/tls-policy/policy.js";
import { tlsaFor } from "../../../support/tlsa.js";

const { certificate } = selfSigned({ names: ["mx.example.org"] });
const record = (parameters: string, changes: Partial<Tlsa> = {}): Tlsa => ({ ...tlsaFor(certificate, parameters), ...changes });

describe("point 44: records that an SMTP client can use", () => {
  test.each(["2 0 0", "2 0 1", "2 0 2", "2 1 0", "2 1 1", "2 1 2", "3 0 0", "3 0 1", "3 0 2", "3 1 0", "3 1 1", "3 1 2"])("%s", (parameters) => {
    expect(usableTlsa([record(parameters)])).toHaveLength(1);
  });

  test.each(["0 0 1", "1 1 1", "4 1 1", "255 1 1", "3 2 1", "3 255 1"])("not %s", (parameters) => {
    expect(usableTlsa([record(parameters)])).toEqual([]);
  });

  test.each([
    ["of an unknown matching type", record("3 1 1", { matchingType: 3 })],
    ["of a digest that is too short", record("3 1 1", { certificate: Buffer.alloc(31) })],
    ["of a SHA-512 as long as a SHA-256", record("3 1 2", { certificate: Buffer.alloc(32) })],
    ["of nothing", record("3 1 1", { certificate: Buffer.alloc(0) })],
    ["of an invalid certificate", record("2 0 0", { certificate: Buffer.from("3082", "hex") })],
    ["of an invalid key", record("3 1 0", { certificate: Buffer.alloc(20) })],
  ])("not one %s", (_what, each) => {
    expect(usableTlsa([each])).toEqual([]);
  });

  test("usable records are kept beside unusable ones", () => {
    expect(usableTlsa([record("1 0 1"), record("3 1 1"), record("3 1 9")]).map(showTlsa)).toEqual([showTlsa(record("3 1 1"))]);
  });
});

test("RFC 7671, section 9: the stronger of two digests of one kind is used, and whole records always", () => {
  const shown = (records: readonly Tlsa[]): string[] => usableTlsa(records).map((each) => showTlsa(each).slice(0, 5));
  expect(shown([record("3 1 1"), record("3 1 2"), record("3 1 0")])).toEqual(["3 1 2", "3 1 0"]);
  expect(shown([record("3 1 2"), record("3 0 1"), record("2 1 1")])).toEqual(["3 1 2", "3 0 1", "2 1 1"]);
  // One that cannot be used takes no other one's place.
  expect(shown([record("3 1 1"), record("3 1 2", { certificate: Buffer.alloc(5) })])).toEqual(["3 1 1"]);
});

test("a record is shown in presentation format", () => {
  expect(showTlsa({ usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from("00ff", "hex") })).toBe("3 1 1 00ff");
});
