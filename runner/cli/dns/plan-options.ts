import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DMARC_POLICIES, type DmarcPolicy } from "../../../schemas/dmarc.js";
import { asciiDomain, isAddress, isDomain } from "../../../schemas/host.js";
import { isNameServer } from "../../../schemas/name-server.js";
import { isOneLine } from "../../../schemas/text.js";
import { keyFolder } from "../../mail/dkim/key-folder.js";
import type { SigningKey } from "../../mail/dkim/signing-key.js";
import { type PlanOptions, STS_MODES, type StsMode } from "../../mail/dns-plan/plan.js";
import { fileProblem } from "../../support/file-error.js";
import { DEFAULT_KEYS } from "../dkim/keygen.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import type { DnsGiven } from "./options.js";

/** The options after validation. */
export async function planOptions(written: string, given: DnsGiven, io: Io): Promise<PlanOptions> {
  const domain = domainOf(written);
  const wrong = given.address.find((address) => !isAddress(address));
  if (wrong !== undefined) throw new UsageError(`--address ${JSON.stringify(wrong)} is not an IP address`);
  const noServer = given.resolver.find((address) => !isNameServer(address));
  if (noServer !== undefined) throw new UsageError(`--resolver ${JSON.stringify(noServer)} is not a name server`, "an IP address, with :port if it is not 53");
  return {
    domain,
    mailHost: given["mail-host"] === null ? `mail.${domain}` : domainOf(given["mail-host"]),
    addresses: given.address.map((address) => address.toLowerCase()),
    includes: given.include.map(spfName),
    keys: await keysOf(domain, given, io),
    dmarc: (given.dmarc as DmarcPolicy | null) ?? DMARC_POLICIES[0],
    reportsTo: reportsTo(given.reports, domain),
    mtaSts: (given["mta-sts"] as StsMode | null) ?? STS_MODES[0],
    certificate: given.dane === null ? null : await certificateIn(given.dane, io),
  };
}

/** The name servers of a zone that begins with the plan. */
export function nameServersOf({ zone, "name-server": written }: DnsGiven): readonly string[] {
  if (written.length > 0 && !zone) throw new UsageError("--name-server requires --zone", "it is the NS record of a new zone");
  return written.map(domainOf);
}

function domainOf(written: string): string {
  if (!isDomain(written)) throw new UsageError(`${JSON.stringify(written)} is not a domain`, "probe-run dns plan example.org");
  return asciiDomain(written);
}

/** Names in SPF may contain underscores, unlike host names. */
function spfName(written: string): string {
  if (/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/.test(written)) return written.toLowerCase();
  throw new UsageError(`--include ${JSON.stringify(written)} is not a name`, "for example --include _spf.example.net");
}

/** The address becomes part of a URI in a record: characters that would end the URI are rejected. */
function reportsTo(written: string | null, domain: string): string {
  const address = written ?? `postmaster@${domain}`;
  const at = address.lastIndexOf("@");
  if (
    at > 0 &&
    isOneLine(address) &&
    /^[!#$%&'*+/=?^_`{|}~A-Za-z0-9.-]+$/.test(address.slice(0, at)) &&
    !/[!,;]/.test(address) &&
    isDomain(address.slice(at + 1))
  )
    return address;
  throw new UsageError(`--reports ${JSON.stringify(address)} is not a mail address that fits into a record`, "for example --reports dmarc@example.org");
}

/** The default folder need not exist. */
async function keysOf(domain: string, { keys: folder, selector }: DnsGiven, io: Io): Promise<readonly SigningKey[]> {
  const { keys, problems } = await keyFolder(resolve(io.cwd, folder ?? DEFAULT_KEYS)).keysOf(domain);
  const problem = problems.find(({ code }) => folder !== null || code !== "key_missing");
  if (problem !== undefined) throw new UsageError("a DKIM key cannot be read", problem.message);
  if (selector === null) return keys;
  const wanted = keys.filter((key) => key.selector === selector);
  if (wanted.length > 0) return wanted;
  throw new UsageError(`there is no key ${JSON.stringify(selector)} for ${domain}`, `create it with probe-run dkim keygen ${domain} --selector ${selector}`);
}

async function certificateIn(file: string, io: Io): Promise<X509Certificate> {
  const bytes = await readFile(resolve(io.cwd, file)).catch((error: unknown) => {
    throw new UsageError(`--dane: ${fileProblem(file, error)}`, "give the certificate of the mail host, as PEM");
  });
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new UsageError(`--dane: ${file} does not contain a PEM certificate`);
  }
}
