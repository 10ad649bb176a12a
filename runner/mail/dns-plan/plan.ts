import { createHash, type X509Certificate } from "node:crypto";
import type { DmarcPolicy } from "../../../schemas/dmarc.js";
import { keyRecord, keyRecordName } from "../dkim/key-record.js";
import type { SigningKey } from "../dkim/signing-key.js";
import type { PlannedRecord } from "./record.js";
import { reverseName } from "./reverse-name.js";

export const TOPICS = ["mx", "address", "ptr", "spf", "helo", "dkim", "dmarc", "dmarc_reports", "mta_sts", "mta_sts_host", "tls_rpt", "dane"] as const;
export type Topic = (typeof TOPICS)[number];

export const STS_MODES = ["testing", "enforce", "none"] as const;
export type StsMode = (typeof STS_MODES)[number];

/** What a domain is to have. Names are in small A-labels. */
export interface PlanOptions {
  readonly domain: string;
  /** The host that sends and takes its mail; also what it says in EHLO. */
  readonly mailHost: string;
  readonly addresses: readonly string[];
  /** Others that send for it: their SPF names. */
  readonly includes: readonly string[];
  readonly keys: readonly SigningKey[];
  readonly dmarc: DmarcPolicy;
  /** Where reports go. */
  readonly reportsTo: string;
  readonly mtaSts: StsMode;
  /** Of the mail host, for DANE; null for none. */
  readonly certificate: X509Certificate | null;
}

export interface PlannedItem {
  readonly topic: Topic;
  readonly record: PlannedRecord;
  readonly why: string;
}

export interface Plan {
  readonly items: readonly PlannedItem[];
  /** What is to be served by HTTPS; null without MTA-STS. */
  readonly policyFile: { readonly url: string; readonly text: string } | null;
  /** What no record says. */
  readonly notes: readonly string[];
}

export function planOf(options: PlanOptions): Plan {
  const policyFile = policyFileOf(options);
  const items = [...wayIn(options), ...senders(options), ...signatures(options), ...dmarc(options), ...encryption(options, policyFile?.text ?? null)];
  return { items, policyFile, notes: notesOf(options) };
}

function wayIn({ domain, mailHost, addresses }: PlanOptions): PlannedItem[] {
  const ofAddress = (address: string): PlannedItem[] => [
    item("address", { name: mailHost, type: address.includes(":") ? "AAAA" : "A", value: address }, "where the mail host is"),
    item(
      "ptr",
      { name: reverseName(address), type: "PTR", value: `${mailHost}.` },
      "large providers take no mail from an address whose name does not lead back to it",
    ),
  ];
  return [item("mx", { name: domain, type: "MX", value: `10 ${mailHost}.` }, `where mail for ${domain} goes`), ...addresses.flatMap(ofAddress)];
}

/** RFC 7208. The host's own record is for bounces, whose sender is empty: there the name in EHLO is looked up (section 2.4). */
function senders({ domain, mailHost, addresses, includes }: PlanOptions): PlannedItem[] {
  const own = addresses.length === 0 ? ["mx"] : addresses.map((address) => `${address.includes(":") ? "ip6" : "ip4"}:${address}`);
  const spf = ["v=spf1", ...own, ...includes.map((name) => `include:${name}`), "~all"].join(" ");
  const items = [item("spf", { name: domain, type: "TXT", value: spf }, `who may send for ${domain}`)];
  return mailHost === domain
    ? items
    : [...items, item("helo", { name: mailHost, type: "TXT", value: "v=spf1 a -all" }, "the same for the name that the host says in EHLO")];
}

function signatures({ keys }: PlanOptions): PlannedItem[] {
  return keys.map(({ domain, selector, privateKey }) =>
    item("dkim", { name: keyRecordName(selector, domain), type: "TXT", value: keyRecord(privateKey) }, "what its signatures are verified with"),
  );
}

function dmarc({ domain, dmarc: policy, reportsTo }: PlanOptions): PlannedItem[] {
  const record = { name: `_dmarc.${domain}`, type: "TXT", value: `v=DMARC1; p=${policy}; rua=mailto:${reportsTo}` } as const;
  const items = [item("dmarc", record, "what receivers do with mail that is neither signed nor sent by it, and where they report it")];
  const elsewhere = reportsTo.slice(reportsTo.lastIndexOf("@") + 1).toLowerCase();
  if (elsewhere === domain || elsewhere.endsWith(`.${domain}`) || domain.endsWith(`.${elsewhere}`)) return items;
  // RFC 9990, section 3: reports are sent only to domains that agreed to receive them.
  const consent = { name: `${domain}._report._dmarc.${elsewhere}`, type: "TXT", value: "v=DMARC1" } as const;
  return [...items, item("dmarc_reports", consent, `${elsewhere} takes reports about ${domain}`)];
}

function encryption({ domain, mailHost, reportsTo, certificate }: PlanOptions, policy: string | null): PlannedItem[] {
  const items: PlannedItem[] = [];
  if (policy !== null) {
    // A new policy needs a new id (RFC 8461, section 3.1): it is made from the text.
    const id = createHash("sha256").update(policy).digest("hex").slice(0, 20);
    items.push(item("mta_sts", { name: `_mta-sts.${domain}`, type: "TXT", value: `v=STSv1; id=${id};` }, "senders are to ask for the policy on encryption"));
    items.push(
      item(
        "mta_sts_host",
        { name: `mta-sts.${domain}`, type: "CNAME", value: `${mailHost}.` },
        "who serves the policy, by HTTPS with a certificate for this name",
      ),
    );
  }
  items.push(
    item("tls_rpt", { name: `_smtp._tls.${domain}`, type: "TXT", value: `v=TLSRPTv1; rua=mailto:${reportsTo}` }, "where failed encryption is reported"),
  );
  if (certificate !== null) {
    const digest = createHash("sha256")
      .update(certificate.publicKey.export({ type: "spki", format: "der" }))
      .digest("hex");
    items.push(item("dane", { name: `_25._tcp.${mailHost}`, type: "TLSA", value: `3 1 1 ${digest}` }, "the mail host's key, for senders that validate DNSSEC"));
  }
  return items;
}

const DAY_S = 86_400;

/** RFC 8461, section 3.2. A policy that is only tried is not to be remembered for long. */
function policyFileOf({ domain, mailHost, mtaSts }: PlanOptions): Plan["policyFile"] {
  if (mtaSts === "none") return null;
  const lines = ["version: STSv1", `mode: ${mtaSts}`, `mx: ${mailHost}`, `max_age: ${mtaSts === "testing" ? DAY_S : 7 * DAY_S}`];
  return { url: `https://mta-sts.${domain}/.well-known/mta-sts.txt`, text: lines.map((line) => `${line}\r\n`).join("") };
}

function notesOf({ domain, mailHost, addresses, keys, dmarc: policy, mtaSts, certificate }: PlanOptions): string[] {
  const notes = [`Send as ${mailHost}: the name in EHLO, the PTR of the address and the address of the name go together.`];
  if (addresses.length === 0) notes.push("No address is given: name those that send with --address, for A, PTR and SPF.");
  else notes.push("The PTR record is set by the owner of the address, usually the hosting provider, not in this zone.");
  if (keys.length === 0) notes.push(`No DKIM key is there: make one with probe-run dkim keygen ${domain}, and give its folder with --keys.`);
  if (policy === "none") notes.push("p=none only reports. When the reports show only your own mail, change it to quarantine, then to reject.");
  if (mtaSts === "testing") notes.push("MTA-STS is being tried: when the TLS reports show no failure, plan again with --mta-sts enforce.");
  if (certificate !== null)
    notes.push("The TLSA record counts in a zone signed with DNSSEC only. Publish the next key's record before the certificate changes.");
  return notes;
}

function item(topic: Topic, record: PlannedRecord, why: string): PlannedItem {
  return { topic, record, why };
}
