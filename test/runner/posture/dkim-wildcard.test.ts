import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { examineDkim } from "../../../runner/posture/dkim/examine.js";
import { judgeDkim } from "../../../runner/posture/dkim/judge.js";
import { RANDOM_SELECTOR } from "../../../runner/posture/dkim/selectors.js";
import { questionsIn } from "./labelled-cases.js";

async function checksOf(name: string, text: string, sends: boolean | null): Promise<string[]> {
  const facts = await examineDkim("own.example", { selectors: [], guess: true }, questionsIn({ [name]: { TXT: [text] } }));
  const checks = judgeDkim(facts, { sends, evidenceOf: () => [] });
  for (const { message } of checks) expect(message).not.toContain(RANDOM_SELECTOR);
  return checks.map(({ id, verdict }) => `${id} ${verdict}`);
}

test("a wildcard with a text that is no key says nothing about keys", async () => {
  expect(await checksOf("*.own.example", "v=spf1 -all", true)).toEqual(["dkim.record unknown"]);
});

test("a parked domain revokes every key by a wildcard", async () => {
  expect(await checksOf("*._domainkey.own.example", "v=DKIM1; p=", false)).toEqual(["dkim.record not_applicable", "dkim.wildcard pass"]);
});

test("for a domain that sends, a wildcard is a warning", async () => {
  expect(await checksOf("*._domainkey.own.example", "v=DKIM1; p=", true)).toContain("dkim.wildcard warning");
  const { publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  const key = `v=DKIM1; p=${publicKey.toString("base64")}`;
  expect(await checksOf("*._domainkey.own.example", key, true)).toEqual(["dkim.record pass", "dkim.wildcard warning"]);
});
