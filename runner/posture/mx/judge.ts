import type { Check, CheckEvidence } from "../../../schemas/check.js";
import type { MailHost, MailRoute } from "../../../schemas/mx.js";
import { isUncertain } from "../../net/dns/mail-route.js";
import { advice, check, type Rule } from "../check.js";

const NAME_A_HOST = "Name a host that has an address.";

const rule = (name: string, spec: string): Rule => ({ id: `mx.${name}`, area: "receiving", spec });

export interface MxJudgeOptions {
  readonly receives: boolean | null;
  readonly sends: boolean | null;
  readonly evidence: readonly CheckEvidence[];
}

/** Whether mail for a domain finds a host, and whether a sender with these records is taken seriously. */
export function judgeMx(route: MailRoute, options: MxJudgeOptions): Check[] {
  const { ascii_domain: domain, kind, hosts } = route;
  return [
    routeCheck(route, options),
    ...(route.null_mx && kind !== "null_mx"
      ? [
          check(rule("null", "RFC 7505 3"), "error", `${domain} has a null MX beside other mail hosts: some senders do not deliver`, {
            evidence: options.evidence,
            advice: advice("Remove the null MX, or the other hosts."),
          }),
        ]
      : []),
    ...(kind === "null_mx" && options.sends === true
      ? [
          check({ id: "mx.sender", area: "arrival", spec: "RFC 7505 4.2" }, "warning", `${domain} sends mail and accepts none: some receivers refuse it`, {
            advice: advice("Name a mail host, so that bounces and replies have a place to go."),
          }),
        ]
      : []),
    ...hosts.flatMap((host) => hostChecks(host, domain)),
    ...familyCheck(route),
  ];
}

function routeCheck({ ascii_domain: domain, kind, outcome }: MailRoute, { receives, evidence }: MxJudgeOptions): Check {
  const about = rule("record", "RFC 5321 5.1");
  switch (kind) {
    case "mx":
      return check(about, "pass", `${domain} has mail hosts`, { evidence });
    case "null_mx":
      return check(about, receives === true ? "error" : "pass", `${domain} says that it accepts no mail (null MX)`, {
        evidence,
        advice: receives === true ? advice("Replace the null MX by your mail hosts.") : null,
      });
    case "implicit":
      return check(about, "notice", `${domain} has no MX records: mail goes to the address of the domain itself`, { evidence });
    case "none":
      if (outcome === "no_such_name") return check(about, "error", `${domain} does not exist: check its spelling`, { evidence });
      return check(about, receives === false ? "notice" : "error", `${domain} has neither MX records nor an address: mail to it cannot be delivered`, {
        evidence,
        advice: receives === false ? null : advice("Publish MX records that name your mail hosts; or a null MX, if the domain takes no mail."),
      });
    default:
      return check(about, "unknown", `the mail hosts of ${domain} are not known (${(outcome ?? "not asked").replaceAll("_", " ")})`, { evidence });
  }
}

function hostChecks({ host, preference, problem, aliases, ipv4, ipv6, addresses }: MailHost, domain: string): Check[] {
  const about = rule("host", "RFC 5321 5.1");
  if (problem !== null && problem !== "not_a_host_name")
    return [check(about, "error", `the mail host ${JSON.stringify(host)} is no host name (${problem.replaceAll("_", " ")})`, { advice: advice(NAME_A_HOST) })];
  const checks: Check[] = [];
  const target = aliases.at(-1);
  if (target !== undefined) {
    const change = { name: domain, type: "MX", old: `${preference} ${host}.`, new: `${preference} ${target}.` };
    checks.push(
      check(rule("alias", "RFC 2181 10.3"), "error", `the mail host ${host} is an alias of ${target}: some senders do not deliver`, {
        advice: advice("Name the host itself.", addresses.length === 0 ? [] : [change], {
          risk: `The certificate of the host and a policy of MTA-STS must then name ${target}.`,
        }),
      }),
    );
  }
  const unsure = [ipv4, ipv6].find(isUncertain);
  if (addresses.length === 0) {
    if (unsure !== undefined) return [...checks, check(about, "unknown", `the addresses of ${host} are not known (${unsure.replaceAll("_", " ")})`)];
    return [
      ...checks,
      check(about, "error", `the mail host ${host} has no address`, { advice: advice(`Give ${host} an address, or name another mail host.`) }),
    ];
  }
  const inner = addresses.filter(({ may_be_dialled: mayBeDialled }) => !mayBeDialled);
  if (inner.length > 0)
    checks.push(
      check(
        rule("address", "RFC 5321 5.1"),
        "error",
        `${host} has ${inner.map(({ ip_address: address }) => address).join(", ")}, which is not reachable from the Internet (${inner[0]?.standard})`,
        { advice: advice(`Give ${host} public addresses only.`) },
      ),
    );
  return checks.length > 0 ? checks : [check(about, "pass", `${host} has an address`)];
}

function familyCheck({ hosts, kind }: MailRoute): Check[] {
  const known = hosts.filter(({ addresses }) => addresses.length > 0);
  if (kind !== "mx" || known.length === 0 || known.some(({ ipv6 }) => ipv6 === null || isUncertain(ipv6))) return [];
  const reachable = known.some(({ addresses }) => addresses.some(({ ip_address: address }) => address.includes(":")));
  return [check(rule("ipv6", "RFC 6540"), reachable ? "pass" : "notice", reachable ? "a mail host is reachable by IPv6" : "no mail host is reachable by IPv6")];
}
