import { expect, test } from "vitest";
import { targetName } from "../../../runner/formats/target-name.js";
import { probeRun } from "../cli/command-line.js";

test.each([
  [{ host: "h", port: "p" }, { h: "mx.example.org", p: 25 }, "mx.example.org:25"],
  [{ host: "domains", address: "addresses" }, { domains: ["example.org"], addresses: ["192.0.2.8", "2001:db8::8"] }, "example.org, 192.0.2.8, 2001:db8::8"],
  ["addresses", { addresses: ["192.0.2.8", "2001:db8::8"] }, "192.0.2.8, 2001:db8::8"],
] as const)("%j of %j is named %s", (target, input, name) => expect(targetName(input, target)).toBe(name));

test("mail.spf refuses a mail address, as the other probes of a domain do", async () => {
  const { code, out, err } = await probeRun(["mail.spf", "a@b.example"]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain("leave out what stands before the @");
});
