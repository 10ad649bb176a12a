import type { Check } from "../../../schemas/check.js";
import { isDomain } from "../../../schemas/host.js";
import type { DmarcRecord } from "../../mail/dmarc/read-record.js";
import { advice, check, type Rule } from "../check.js";
import { REMOVED } from "./corrected.js";

const TAGS: Rule = { id: "dmarc.tags", area: "spoofing", spec: "RFC 9989 4.7" };
const KNOWN: ReadonlySet<string> = new Set(["v", "p", "sp", "np", "adkim", "aspf", "fo", "psd", "rua", "ruf", "t", ...REMOVED]);

/** Tags with few values; any other value is as good as none. The policies have a rule of their own. */
const VALUES: Readonly<Record<string, RegExp>> = {
  adkim: /^[rs]$/i,
  aspf: /^[rs]$/i,
  fo: /^[01ds](?:\s*:\s*[01ds])*$/i,
  psd: /^[ynu]$/i,
  t: /^[yn]$/i,
};

/** Unknown tags are ignored, in any order; the rest is what their owner did not mean. */
export function tagChecks({ tags, text, psd }: DmarcRecord): Check[] {
  const unknown = [...tags.keys()].filter((name) => !KNOWN.has(name)).map((name) => name.slice(0, 40));
  const odd = [...tags].filter(([name, value]) => VALUES[name]?.test(value) === false).map(([name, value]) => `${name}=${value.slice(0, 40)}`);
  const twice = repeated(text);
  const checks = [
    ...(unknown.length === 0 ? [] : [check(TAGS, "notice", `receivers ignore tags that they do not know: ${unknown.slice(0, 10).join(", ")}`)]),
    ...(odd.length === 0 ? [] : [check(TAGS, "notice", `receivers ignore values that they do not know: ${odd.join(", ")}`)]),
    ...(twice.length === 0
      ? []
      : [
          check(TAGS, "warning", `${twice.join(", ")} stands more than once: some receivers take the first, others ignore the record`, {
            advice: advice("Write each tag once."),
          }),
        ]),
    ...(psd === "y" ? [check(TAGS, "notice", "psd=y says that names below the domain belong to other organizations, as those of a public suffix do")] : []),
  ];
  return checks.length > 0 ? checks : [check(TAGS, "pass", "every tag is known")];
}

function repeated(text: string): string[] {
  const names = text.split(";").flatMap((part) => /^\s*([a-z]+)\s*=/i.exec(part)?.[1]?.toLowerCase() ?? []);
  return [...new Set(names.filter((name, index) => KNOWN.has(name) && names.indexOf(name) !== index))];
}

/** What is written in rua and is no address that reports can be sent to. */
export function unusableAddresses({ tags }: DmarcRecord): string[] {
  const written = (tags.get("rua") ?? "").split(",").map((each) => each.trim());
  return written.filter((each) => each !== "" && !isUsable(each));
}

function isUsable(uri: string): boolean {
  if (/^https?:\/\/\S+$/i.test(uri)) return true;
  const [, host] = /^mailto:[^@\s<>"]+@([^@\s!?]+)(?:[!?]\S*)?$/i.exec(uri) ?? [];
  return host !== undefined && isDomain(host);
}
