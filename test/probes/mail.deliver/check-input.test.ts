import { expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import type { RequestError } from "../../../runner/support/request-error.js";

const GOOD = { mail_from: "a@a.example", recipients: ["b@b.example"], fields: { text: "hello" } };

test.each<[string, object, string]>([
  ["a recipient that is no address", { recipients: ["b@b.example", "nobody"] }, "/recipients/1"],
  ["a sender that is no address", { mail_from: "bad" }, "/mail_from"],
  ["a sender that a reference holds", { mail_from: { secret: "env:SENDER_OF_TEST" } }, "/mail_from"],
  ["an author that is no address", { fields: { from: "nobody", text: "x" } }, "/fields/from"],
  ["a message without an author", { mail_from: "<>", fields: { text: "x" } }, "/fields/from"],
  ["a header that is ours", { fields: { headers: [{ name: "Subject", value: "x" }] } }, "/fields/headers/0/name"],
  ["no relay", { mode: "relay" }, "/relays"],
  ["a login without a password", { mode: "relay", relays: [{ host: "r.example", auth: { username: "u" } }] }, "/relays/0/auth"],
  ["an invalid DKIM key", { dkim: [{ domain: "a.example", selector: "s", private_key: "hunter2" }] }, "/dkim/0/private_key"],
  ["authorities that are no PEM", { tls: { ca: "hello" } }, "/tls/ca"],
  ["authorities that are broken PEM", { tls: { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" } }, "/tls/ca"],
  ["a relay's authorities that are no PEM", { mode: "relay", relays: [{ host: "r.example", tls: { ca: "x" } }] }, "/relays/0/tls/ca"],
])("%s is an invalid request, and nothing is sent", async (_, input, pointer) => {
  process.env.SENDER_OF_TEST = "not an address";
  const error = (await run("mail.deliver", { ...GOOD, ...input }).catch((thrown: unknown) => thrown)) as RequestError;
  expect(error).toMatchObject({ name: "RequestError", code: "invalid_input" });
  expect(error.violations.map((violation) => violation.pointer)).toEqual([pointer]);
  expect(JSON.stringify(error.violations)).not.toContain("hunter2");
});

test("an invalid envelope identifier is described in a sentence", async () => {
  const error = (await run("mail.deliver", { ...GOOD, dsn: { envelope_id: "a b" } }).catch((thrown: unknown) => thrown)) as RequestError;
  expect(error.violations).toMatchObject([
    { pointer: "/dsn/envelope_id", message: expect.stringMatching(/^must match \^/), hint: expect.stringContaining("visible ASCII") },
  ]);
});

test("authorities in PEM are accepted", async () => {
  const { certificate } = selfSigned({ names: ["ca.example"], authority: true });
  await expect(run("mail.deliver", { ...GOOD, tls: { ca: `${certificate}\n${certificate}` }, recipients: ["nobody"] })).rejects.toMatchObject({
    violations: [{ pointer: "/recipients/0" }],
  });
});
