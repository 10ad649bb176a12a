import { createPublicKey, type KeyObject } from "node:crypto";
import { resolve } from "node:path";
import type { Finding } from "../../../schemas/finding.js";
import { asciiDomain } from "../../../schemas/host.js";
import { isNameServer } from "../../../schemas/name-server.js";
import { keyFolder } from "../../mail/dkim/key-folder.js";
import { keyRecord, keyRecordName } from "../../mail/dkim/key-record.js";
import { readKeyRecord } from "../../mail/dkim/read-key-record.js";
import { type Answer, failureOfAnswer, isCertain } from "../../net/dns/answer.js";
import { txtText } from "../../net/dns/txt-text.js";
import { finding, statusOf } from "../../run/judge.js";
import { printableLine } from "../../support/printable.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import { DEFAULT_SELECTOR } from "./keygen.js";
import type { DkimGiven } from "./options.js";

export async function check(written: string, given: DkimGiven, io: Io): Promise<number> {
  checkOptions(given);
  const domain = asciiDomain(written);
  const selector = given.selector ?? DEFAULT_SELECTOR;
  const name = keyRecordName(selector, domain);
  const answer = await ask(name, given.resolver);
  const texts = answer.records.map(txtText);
  const findings = [...findingsOfDns(name, answer, texts), ...(await findingsOfOurs(domain, selector, given.keys, texts, io))];
  const status = statusOf(null, findings);
  const result = { name, status, records: texts, aliases: answer.aliases, findings };
  await io.out(given.json ? `${JSON.stringify(result, null, 2)}\n` : asText(result, given.keys !== null));
  return status === "error" ? EXIT.failed : EXIT.ok;
}

function checkOptions({ resolver }: DkimGiven): void {
  const noServer = resolver.find((address) => !isNameServer(address));
  if (noServer !== undefined) throw new UsageError(`--resolver ${JSON.stringify(noServer)} is not a name server`, "an IP address, with :port if it is not 53");
}

async function ask(name: string, servers: readonly string[]): Promise<Answer<"TXT">> {
  const { processResolver } = await import("../../net/dns/process-resolver.js");
  return processResolver().query(name, "TXT", { cache: "refresh", ...(servers.length === 0 ? {} : { servers }) });
}

function findingsOfDns(name: string, answer: Answer<"TXT">, texts: readonly string[]): readonly Finding[] {
  if (answer.outcome === "found") return readKeyRecord(texts).findings;
  const { message } = failureOfAnswer(answer, `TXT ${name}`);
  return [finding("error", isCertain(answer) ? "no_key_record" : "not_known", message, "a key record", answer.outcome)];
}

/** The local signing key, and whether it matches the published one. */
async function findingsOfOurs(domain: string, selector: string, folder: string | null, texts: readonly string[], io: Io): Promise<Finding[]> {
  if (folder === null) return [];
  const { keys, problems } = await keyFolder(resolve(io.cwd, folder)).keysOf(domain);
  const problem = problems.find((one) => one.selector === selector || one.selector === null);
  if (problem !== undefined) return [finding("error", problem.code, problem.message, null, null)];
  const own = keys.find((key) => key.selector === selector);
  if (own === undefined) return [finding("error", "no_key", `${folder} has no key ${selector} for ${domain}`, `${folder}/${domain}/${selector}.pem`, null)];
  const { publicKey } = readKeyRecord(texts);
  if (publicKey === null || isSame(publicKey, own.privateKey)) return [];
  return [finding("error", "another_key", "what is published belongs to another key: signatures fail", keyRecord(own.privateKey), texts[0] ?? null)];
}

function isSame(published: KeyObject, own: KeyObject): boolean {
  return published.equals(createPublicKey(own));
}

interface KeyReport {
  readonly name: string;
  readonly status: string;
  readonly records: readonly string[];
  readonly findings: readonly Finding[];
}

function asText({ name, status, records, findings }: KeyReport, compared: boolean): string {
  const good = compared ? "it belongs to our key" : "it can be used; --keys DIR compares it with our key";
  const said = findings.length === 0 ? [`  ${good}`] : findings.map(sentence);
  return `${[`${status}  ${name}`, ...records.map((text) => `  ${printableLine(text)}`), ...said].join("\n")}\n`;
}

function sentence({ severity, message, expected, actual }: Finding): string {
  const details = [expected === null ? null : `expected ${expected}`, actual === null ? null : `found ${printableLine(actual)}`].filter(
    (each) => each !== null,
  );
  return `  ${severity}: ${message}${details.length === 0 ? "" : ` (${details.join("; ")})`}`;
}
