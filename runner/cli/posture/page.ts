import { escaped } from "../../report/html.js";
import type { Posture } from "./card.js";
import { QUESTIONS, SYMBOLS } from "./card.js";
import { PAGE_SCRIPT, PAGE_STYLE } from "./page-style.js";
import type { Difference } from "./since.js";

type Check = Posture["checks"][number];

/** The report card as one HTML file: no request, readable printed and without script. */
export function pageOf(posture: Posture, differences: readonly Difference[] | null, at: Date): string {
  const { domain, questions, profile, duration_ms: duration } = posture;
  const about = `${profile} · ${questions} questions in ${(duration / 1000).toFixed(1)} s · ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escaped(domain)}: mail posture</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header><h1>${escaped(domain)}</h1><p class="about">${escaped(about)}</p></header>
${answersOf(posture)}
${section("Since the earlier run", differencesOf(differences))}
${section("Changes", changesOf(posture))}
${section("Checks", checksOf(posture))}
${section("Mail hosts", hostsOf(posture))}
${section("SPF", spfOf(posture))}
${section("DMARC", dmarcOf(posture))}
${section("DKIM", dkimOf(posture))}
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function section(title: string, body: string): string {
  return body === "" ? "" : `<section><h2>${title}</h2>${body}</section>`;
}

function answersOf({ answers }: Posture): string {
  const cards = answers.map(
    ({ area, answer, message, checks, unknown }) =>
      `<div class="answer ${answer}"><h2>${QUESTIONS[area]}</h2><p class="word">${answer}</p><p>${escaped(message)}</p><p class="about">${checks} checks${unknown > 0 ? `, ${unknown} without an answer` : ""}</p></div>`,
  );
  return `<div class="answers">${cards.join("")}</div>`;
}

function differencesOf(differences: readonly Difference[] | null): string {
  if (differences === null) return "";
  if (differences.length === 0) return "<p>Nothing has changed.</p>";
  const word = (verdict: Difference["after"]): string => (verdict === null ? "no check" : verdict.replace("_", " "));
  const rows = differences.map(
    ({ id, before, after, message }) =>
      `<tr class="${after ?? "not_applicable"}"><td>${word(before)} → ${word(after)}</td><td><code>${escaped(id)}</code></td><td>${escaped(message)}</td></tr>`,
  );
  return `<div class="wide"><table><thead><tr><th>verdict</th><th>check</th><th>what was found</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function changesOf({ changes }: Posture): string {
  const items = changes.map((change) => {
    const notes = [change.why, change.wait_for === null ? "" : `Wait for: ${change.wait_for}.`, change.risk === null ? "" : `Risk: ${change.risk}`].filter(
      (each) => each !== "",
    );
    const old = change.old === null ? "" : `<dt>old</dt><dd><code>${escaped(change.old)}</code></dd>`;
    const next =
      change.new === null
        ? "<dt>new</dt><dd>remove the record</dd>"
        : `<dt>new</dt><dd><code>${escaped(change.new)}</code> <button type="button" hidden>copy</button></dd>`;
    return `<li><p><b><code>${escaped(change.name)}</code> ${escaped(change.type)}</b> <span class="about">${escaped(change.check)}</span></p><dl>${old}${next}</dl>${notes.map((note) => `<p>${escaped(note)}</p>`).join("")}</li>`;
  });
  return items.length === 0 ? "" : `<ol>${items.join("")}</ol>`;
}

const ORDER = ["error", "warning", "unknown", "notice", "pass", "not_applicable"] as const;

function checksOf({ checks }: Posture): string {
  const rows = ORDER.flatMap((verdict) => checks.filter((each) => each.verdict === verdict)).map(
    (each) =>
      `<tr class="${each.verdict}"><td><span aria-hidden="true">${SYMBOLS[each.verdict]}</span> ${each.verdict.replace("_", " ")}</td><td><code>${escaped(each.id)}</code></td><td>${escaped(each.message)}${evidenceOf(each)}</td><td>${escaped(each.spec ?? "")}</td></tr>`,
  );
  return `<div class="wide"><table><thead><tr><th>verdict</th><th>check</th><th>what was found</th><th>standard</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function evidenceOf({ evidence, advice }: Check): string {
  const lines = evidence.map(
    ({ name, type, value, outcome, authenticated, server }) =>
      `<li><code>${escaped(name)} ${escaped(type)}</code>: ${value === null ? escaped(outcome.replaceAll("_", " ")) : `<code>${escaped(value)}</code>`}${authenticated ? " (DNSSEC)" : ""}${server === null ? "" : ` <span class="about">${escaped(server)}</span>`}</li>`,
  );
  const why = advice === null || advice.why === "" ? "" : `<p class="advice">${escaped(advice.why)}</p>`;
  return `${why}${lines.length === 0 ? "" : `<details><summary>evidence</summary><ul>${lines.join("")}</ul></details>`}`;
}

function hostsOf({ mail_hosts: hosts }: Posture): string {
  const rows = hosts.map((host) =>
    [
      `${host.preference} ${host.host}`,
      host.ipv4.join(", "),
      host.ipv6.join(", "),
      host.starttls === null ? "" : host.starttls === "secured" ? (host.tls_version ?? "TLS") : host.starttls.replace("_", " "),
      host.is_trusted === null ? "" : host.is_trusted ? `trusted, until ${host.certificate_expires?.slice(0, 10)}` : "not trusted",
      host.mta_sts === null ? "" : host.mta_sts ? "allowed" : "not allowed",
      host.dane ?? "",
    ]
      .map((cell) => `<td>${escaped(cell)}</td>`)
      .join(""),
  );
  if (rows.length === 0) return "";
  return `<div class="wide"><table><thead><tr><th>host</th><th>IPv4</th><th>IPv6</th><th>TLS</th><th>certificate</th><th>MTA-STS</th><th>DANE</th></tr></thead><tbody>${rows.map((row) => `<tr>${row}</tr>`).join("")}</tbody></table></div>`;
}

const BEADS = 10;

/** The tree of records with ten beads: as many look-ups as a receiver makes. */
function spfOf({ spf }: Posture): string {
  if (spf.tree.length === 0) return "";
  const beads = Array.from(
    { length: Math.max(BEADS, Math.min(spf.lookups, 20)) },
    (_each, index) => `<i class="${index >= BEADS ? "over" : index < spf.lookups ? "used" : ""}"></i>`,
  ).join("");
  const rows = spf.tree.map(
    ({ domain, depth, term, record, state, lookups }) =>
      `<li style="margin-left:${Math.min(depth, 12) * 1.5}em">${term === null ? "" : `<code>${escaped(term)}</code> → `}<b>${escaped(domain)}</b> <span class="about">${lookups} look-ups</span> ${record === null ? escaped(state.replace("_", " ")) : `<code>${escaped(record)}</code>`}</li>`,
  );
  return `<p class="beads" role="img" aria-label="${spf.lookups} of ${BEADS} DNS look-ups">${beads} <span>${spf.lookups} of ${BEADS} DNS look-ups</span></p><ul class="tree">${rows.join("")}</ul>`;
}

function dmarcOf({ dmarc }: Posture): string {
  if (dmarc.walk.length === 0) return "";
  const rows = dmarc.walk.map(({ domain, record }) => {
    const decides = domain === dmarc.policy_domain;
    return `<li${decides ? ' class="decides"' : ""}><code>_dmarc.${escaped(domain)}</code> ${record === null ? '<span class="about">no record</span>' : `<code>${escaped(record)}</code>`}${decides ? " <b>decides</b>" : ""}</li>`;
  });
  return `<ol>${rows.join("")}</ol><p>Effective policy: <b>${escaped(dmarc.effective_policy ?? "none")}</b>; organizational domain: ${escaped(dmarc.organizational_domain ?? "unknown")}.</p>`;
}

function dkimOf({ dkim }: Posture): string {
  const rows = dkim.map(
    ({ selector, state, key_type: type, key_bits: bits }) =>
      `<li><b>${escaped(selector)}</b>: ${escaped(state)}${type === null ? "" : `, ${escaped(type)}${bits === null ? "" : ` ${bits} bits`}`}</li>`,
  );
  return rows.length === 0 ? "" : `<ul>${rows.join("")}</ul>`;
}
