import type { Check, Verdict } from "../../../schemas/check.js";
import type { Mechanism } from "../../mail/spf/record.js";
import type { SpfNode } from "../../mail/spf/survey.js";
import { withThousands } from "../../support/with-thousands.js";
import { advice, check, type Rule } from "../check.js";
import type { SpfFacts } from "./examine.js";
import { ipv4Reach, passing, redirected, uncountedTerms } from "./reach.js";
import { mistakenTerms, repairedRecord } from "./repaired.js";

/** Networks this large cover whole providers: every customer there may send. */
const WIDEST_IPV4 = 8;
const WIDEST_IPV6 = 16;
/** Advised by RFC 7208, 3.4. */
const MAX_BYTES = 450;
const MANY_ADDRESSES = 2 ** 20;
const MAX_SHOWN = 10;

export const UNNAMED_FAIL = "Servers and services that the record does not name fail SPF: list all of them first.";

const rule = (name: string, section: string | null): Rule => ({ id: `spf.${name}`, area: "spoofing", spec: section === null ? null : `RFC 7208 ${section}` });

/** What is legal, and unwise. */
export function lintSpf(facts: SpfFacts, own: SpfNode, sends: boolean | null): Check[] {
  return [
    allCheck(own, sends),
    ...ignoredChecks(facts),
    ...mistakenChecks(facts),
    ...redirectChecks(facts),
    ...openChecks(facts),
    networkCheck(facts),
    ptrCheck(facts),
    sizeCheck(facts),
    macroCheck(facts),
    reachCheck(facts),
  ];
}

/** How the domain's own record ends decides for every address that it does not name. */
function allCheck({ domain, record, directives }: SpfNode, sends: boolean | null): Check {
  const about = rule("all", "5.1");
  const all = directives.find(({ mechanism }) => mechanism.name === "all");
  const change = (fixed: string | null) => (fixed === null ? [] : [{ name: domain, type: "TXT", old: record, new: fixed }]);
  // A record that names no server must not refuse all of them, unless the domain sends no mail.
  const end = sends !== false && directives.length === 1 ? "mx -all" : "-all";
  const ending = (fixed: string): string | null => (record === null || all === undefined ? null : withTerm(record, all.term, fixed));
  if (all?.result === "pass")
    return check(about, "error", `${all.term} allows every address to send in the name of ${domain}`, {
      advice: advice("List your own servers, and end the record in -all.", change(ending(end)), { risk: sends === false ? null : UNNAMED_FAIL }),
    });
  if (all?.result === "neutral")
    return check(about, "warning", `${all.term} says nothing about the addresses that the record does not name`, {
      advice: advice("End the record in ~all, or in -all for a domain that sends no mail.", change(ending("~all"))),
    });
  if (all === undefined && !/\sredirect=/i.test(record ?? ""))
    return check(about, "warning", "the record has no all: it says nothing about the addresses that it does not name", {
      // A record that names no server must not refuse all of them.
      advice: advice("End the record in ~all.", change(record === null ? null : `${record.trimEnd()}${directives.length === 0 ? " mx" : ""} ~all`), {
        risk: directives.length === 0 ? UNNAMED_FAIL : null,
      }),
    });
  return check(about, "pass", all === undefined ? "another record decides (redirect)" : `the record ends in ${all.term}`);
}

/** Section 5.1: nothing behind all is evaluated; section 6.1: no redirect beside it, wherever it stands. */
function ignoredChecks({ nodes }: SpfFacts): Check[] {
  return nodes
    .filter(({ unreachable_terms: terms }) => terms.length > 0)
    .map(({ domain, directives, unreachable_terms: terms }) => {
      const isRedirect = terms.some((term) => /^redirect=/i.test(term));
      const fix = isRedirect
        ? "Remove the redirect; if the servers that it names send for the domain, include its record before all."
        : "Move the terms before all, or remove them.";
      return check(
        rule("all", isRedirect ? "6.1" : "5.1"),
        "notice",
        `beside ${directives.at(-1)?.term} of ${domain}, these terms have no effect: ${terms.join(" ")}`,
        {
          advice: advice(fix),
        },
      );
    });
}

/** Section 6: receivers ignore a modifier that they do not know, also one with the name of a mechanism. */
function mistakenChecks({ nodes }: SpfFacts): Check[] {
  return nodes.flatMap(({ domain, record, depth }) => {
    const terms = mistakenTerms(record);
    if (record === null || terms.length === 0) return [];
    const repaired = depth === 0 ? repairedRecord(record) : null;
    const change = repaired === null ? [] : [{ name: domain, type: "TXT", old: record, new: repaired }];
    return [
      check(rule("syntax", "6"), "warning", `receivers ignore ${terms.join(" ").slice(0, 200)} of ${domain}: a colon is missing`, {
        advice: advice("Write a colon in place of the equals sign.", change),
      }),
    ];
  });
}

/** The record with another term in the place of this one, which other terms may contain. */
function withTerm(record: string, term: string, fixed: string): string {
  return record
    .split(" ")
    .map((each) => (each === term ? fixed : each))
    .join(" ");
}

/** A record that ends in redirect= ends as the last of those that it leads to. An `all` that passes is the matter of openChecks. */
function redirectChecks({ nodes }: SpfFacts): Check[] {
  const last = redirected(nodes).at(-1);
  if (last === undefined || last.depth === 0 || last.state !== "read") return [];
  const all = last.directives.find(({ mechanism }) => mechanism.name === "all");
  if (all === undefined ? last.unknown_terms.includes("redirect") : all.result !== "neutral") return [];
  const end = all === undefined ? "has no all" : `ends in ${all.term}`;
  return [
    check(rule("all", "6.1"), "warning", `redirect leads to ${last.domain}, whose record ${end}: it says nothing about the addresses that it does not name`, {
      advice: advice("Redirect to a record that ends in ~all or -all."),
    }),
  ];
}

/** An included record that passes everyone passes everyone for the record that includes it, too. */
function openChecks({ nodes }: SpfFacts): Check[] {
  return passing(nodes)
    .filter(({ depth, directives }) => depth > 0 && directives.some(({ mechanism, result }) => mechanism.name === "all" && result === "pass"))
    .map(({ domain, term }) =>
      check(rule("all", "5.2"), "error", `${term} leads to ${domain}, which allows every address to send`, { advice: advice("Remove the term.") }),
    );
}

function networkCheck({ nodes }: SpfFacts): Check {
  const about = rule("all", "5.6");
  const allowed = wideTerms(passing(nodes), "pass");
  if (allowed.length > 0)
    return check(about, "error", `a large part of the Internet may send in your name: ${allowed.join(", ")}`, {
      advice: advice("Name the servers that send."),
    });
  const neutral = wideTerms(redirected(nodes), "neutral");
  if (neutral.length === 0) return check(about, "pass", "no network is too large");
  return check(about, "warning", `the record says nothing about a large part of the Internet: ${neutral.join(", ")}`, { advice: advice("Remove the term.") });
}

function wideTerms(nodes: readonly SpfNode[], wanted: string): string[] {
  return nodes.flatMap(({ domain, directives }) =>
    directives.filter(({ result, mechanism }) => result === wanted && isWide(mechanism)).map(({ term }) => `${term} of ${domain}`),
  );
}

/** The prefix of a and mx is as wide as one of ip4 or ip6, whatever addresses the host has. */
function isWide(mechanism: Mechanism): boolean {
  if (mechanism.name === "ip4") return mechanism.bits < WIDEST_IPV4;
  if (mechanism.name === "ip6") return mechanism.bits < WIDEST_IPV6;
  return (mechanism.name === "a" || mechanism.name === "mx") && (mechanism.bits4 < WIDEST_IPV4 || mechanism.bits6 < WIDEST_IPV6);
}

function ptrCheck({ nodes }: SpfFacts): Check {
  const about = rule("ptr", "5.5");
  const used = nodes.filter(({ directives }) => directives.some(({ mechanism }) => mechanism.name === "ptr")).map(({ domain }) => domain);
  if (used.length === 0) return check(about, "pass", "ptr is not used");
  return check(about, "warning", `${used.join(", ")} uses ptr, which is slow, unreliable, and should not be used`, {
    advice: advice("Name the servers by ip4, ip6, a or mx."),
  });
}

function sizeCheck({ domain, txt_bytes: bytes }: SpfFacts): Check {
  const verdict: Verdict = bytes > MAX_BYTES ? "notice" : "pass";
  return check(rule("size", "3.4"), verdict, `the TXT records of ${domain} have ${bytes} bytes; over about ${MAX_BYTES}, some answers need TCP`);
}

function macroCheck({ nodes }: SpfFacts): Check {
  const about = rule("macros", "7.2");
  const unknown = nodes.flatMap(({ unknown_terms: terms }) => terms);
  if (unknown.length === 0) return check(about, "pass", "the target of every term is known");
  return check(about, "notice", `which hosts these terms allow depends on the message: ${unknown.join(", ")}`);
}

function reachCheck({ nodes, hosts }: SpfFacts): Check {
  const reach = ipv4Reach(passing(nodes), hosts);
  const open = uncountedTerms(passing(nodes), hosts);
  const more = open.length > MAX_SHOWN ? ` and ${open.length - MAX_SHOWN} more` : "";
  const rest = open.length === 0 ? "" : `, beside what these terms allow: ${open.slice(0, MAX_SHOWN).join(", ")}${more}`;
  const message = `the record allows ${withThousands(reach)} IPv4 ${reach === 1 ? "address" : "addresses"}${rest}`;
  return check(rule("reach", null), reach > MANY_ADDRESSES ? "notice" : "pass", message);
}
