import { availability, type Day, dayBars, measuredShare, percent } from "./day-bars.js";
import { durationText, escaped, timeElement } from "./html.js";
import { page } from "./page.js";

export interface StatusCheck {
  readonly name: string;
  readonly outcome: "ok" | "warning" | "error" | "unknown" | "suppressed" | "maintenance";
  /** Null where nothing is wrong, and on a public page. */
  readonly reason: string | null;
  readonly incident: { readonly openedAt: number; readonly isFlapping: boolean } | null;
  /** The oldest first; null for a day without results. */
  readonly days: readonly (Day | null)[];
}

export interface StatusIncident {
  readonly name: string;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly isFlapping: boolean;
  readonly reason: string | null;
}

export interface Status {
  readonly title: string;
  readonly now: number;
  readonly checks: readonly StatusCheck[];
  readonly incidents: readonly StatusIncident[];
}

const REFRESH_SECONDS = 60;
/** More rows than this would make the page heavy; what is wrong always stands above them. */
const MOST_CHECKS = 500;
const SYMBOLS = { ok: "✔", warning: "▲", error: "✘", unknown: "?", suppressed: "–", maintenance: "⚒" } as const;

/** What is wrong now, since when and why; then every check with its days; then what was wrong before. */
export function statusPage({ title, now, checks, incidents }: Status): string {
  const open = checks.filter(({ incident }) => incident !== null);
  const body = [
    `<header><h1>${escaped(title)}</h1><p class="soft">${timeElement(now)}</p></header>`,
    `<main><h2>Now</h2>${open.length === 0 ? summaryOf(checks) : open.map((check) => wrong(check, now)).join("\n")}`,
    `<h2>Checks</h2><ul class="list">${checks.slice(0, MOST_CHECKS).map(row).join("\n")}</ul>`,
    checks.length > MOST_CHECKS ? `<p class="soft">and ${checks.length - MOST_CHECKS} more checks</p>` : "",
    `<h2>Incidents</h2>${incidents.length === 0 ? "<p>None yet.</p>" : `<ul class="list">${incidents.map((each) => incidentRow(each, now)).join("\n")}</ul>`}</main>`,
  ];
  return page(`${open.length === 0 ? "" : `(${open.length}) `}${title}`, body.join("\n"), REFRESH_SECONDS);
}

function summaryOf(checks: readonly StatusCheck[]): string {
  const unmeasured = checks.filter(({ outcome }) => ["unknown", "suppressed", "maintenance"].includes(outcome)).length;
  const note = unmeasured === 0 ? "" : ` <span class="unknown">? ${unmeasured} of ${checks.length} checks are not measured.</span>`;
  return `<p><span class="ok">✔ No incident is open.</span>${note}</p>`;
}

function wrong({ name, incident, reason }: StatusCheck, now: number): string {
  if (incident === null) return "";
  const since = `since ${timeElement(incident.openedAt)} (${durationText(now - incident.openedAt)})`;
  return `<div class="wrong"><p><strong class="error">✘ ${escaped(name)}</strong>${incident.isFlapping ? " is flapping," : ""} ${since}${reason === null ? "" : `<br>${escaped(reason)}`}</p></div>`;
}

function row({ name, outcome, days }: StatusCheck): string {
  const measured = measuredShare(days);
  const note = measured === null || measured === 1 ? "" : `, ${percent(measured)} measured`;
  return `<li><span class="name">${escaped(name)}</span><span class="state ${outcome}">${SYMBOLS[outcome]} ${outcome}</span>${dayBars(days)}<span class="soft">${percent(availability(days))}${note}</span></li>`;
}

function incidentRow({ name, openedAt, closedAt, isFlapping, reason }: StatusIncident, now: number): string {
  const length = durationText((closedAt ?? now) - openedAt);
  const state = closedAt === null ? `<span class="error">✘ open, ${length}</span>` : `<span class="recovered">✔ closed after ${length}</span>`;
  const why = reason === null ? "" : `<span class="soft">${escaped(reason)}</span>`;
  return `<li><span class="name">${escaped(name)}</span>${state}${isFlapping ? "<span>flapping</span>" : ""}${timeElement(openedAt)}${why}</li>`;
}
