import { counted } from "../support/counted.js";
import { availability, type Day, dayBars, measuredShare, percent } from "./day-bars.js";
import { durationText, escaped, timeElement } from "./html.js";
import { incidentList, type StatusIncident } from "./incident-list.js";
import { page } from "./page.js";
import { type Outcome, stateMark } from "./state-mark.js";

export interface StatusCheck {
  readonly name: string;
  /** Of its own page, relative to this one. */
  readonly href: string;
  readonly outcome: Outcome;
  /** Null where nothing is wrong, and on a public page. */
  readonly reason: string | null;
  readonly incident: { readonly openedAt: number; readonly isFlapping: boolean } | null;
  /** The oldest first; null for a day without results. */
  readonly days: readonly (Day | null)[];
  /** Checks of a group are folded together; null without. */
  readonly group?: string | null;
}

export interface Status {
  readonly title: string;
  readonly now: number;
  /** Those of this page. */
  readonly checks: readonly StatusCheck[];
  /** What is wrong, of all checks. */
  readonly wrong: readonly StatusCheck[];
  readonly unmeasured: number;
  readonly total: number;
  readonly incidents: readonly StatusIncident[];
  /** `query` is added to the links of other pages. */
  readonly paging: { readonly page: number; readonly pages: number; readonly query: string };
  /** Links at the end: how to log in, how to stop reloading. */
  readonly links: readonly { readonly href: string; readonly text: string }[];
}

/** More would make the page heavy. */
const MOST_WRONG = 100;

/** What is wrong now, since when and why; then every check with its days; then what was wrong before. */
export function statusPage({ title, now, checks, wrong, unmeasured, total, incidents, paging, links }: Status): string {
  const more = wrong.length > MOST_WRONG ? `<p>and ${wrong.length - MOST_WRONG} more incidents</p>` : "";
  const body = [
    `<header><h1>${escaped(title)}</h1><p class="soft">${timeElement(now)}</p></header>`,
    `<main><h2>Now</h2>${
      wrong.length === 0
        ? '<p class="ok">✔ No incident is open.</p>'
        : `${wrong
            .slice(0, MOST_WRONG)
            .map((check) => trouble(check, now))
            .join("\n")}${more}`
    }`,
    unmeasured === 0 ? "" : `<p class="unknown">? ${unmeasured} of ${counted(total, "check")} ${unmeasured === 1 ? "is" : "are"} not measured.</p>`,
    `<h2>Checks</h2>${grouped(checks)}${pageLinks(paging)}`,
    `<h2>Incidents</h2>${incidentList(incidents, now)}</main>`,
    links.length === 0 ? "" : `<footer>${links.map(({ href, text }) => `<a href="${escaped(href)}">${escaped(text)}</a>`).join(" ")}</footer>`,
  ];
  return page(`${wrong.length === 0 ? "" : `(${wrong.length}) `}${title}`, body.join("\n"));
}

function trouble({ name, href, incident, reason }: StatusCheck, now: number): string {
  if (incident === null) return "";
  const since = `since ${timeElement(incident.openedAt)} (${durationText(now - incident.openedAt)})`;
  const what = `<strong class="error">✘ <a href="${escaped(href)}">${escaped(name)}</a></strong>`;
  return `<div class="wrong"><p>${what}${incident.isFlapping ? " is flapping," : ""} ${since}${reason === null ? "" : `<br>${escaped(reason)}`}</p></div>`;
}

/** Checks of a group that follow each other are folded; a group in which something is not ok is open. */
function grouped(checks: readonly StatusCheck[]): string {
  const groups: { name: string | null; checks: StatusCheck[] }[] = [];
  for (const check of checks) {
    const name = check.group ?? null;
    const newest = groups.at(-1);
    if (newest !== undefined && newest.name === name) newest.checks.push(check);
    else groups.push({ name, checks: [check] });
  }
  return groups.map(({ name, checks: own }) => (name === null || own.length === 1 ? list(own) : fold(name, own))).join("\n");
}

function fold(name: string, checks: readonly StatusCheck[]): string {
  const bad = checks.filter(({ outcome }) => outcome !== "ok");
  const summary = `${escaped(name)}: ${checks.length} checks, ${bad.length === 0 ? '<span class="ok">✔ all ok</span>' : `<span class="warning">▲ ${bad.length} not ok</span>`}`;
  return `<details${bad.length === 0 ? "" : " open"}><summary>${summary}</summary>${list(checks)}</details>`;
}

function list(checks: readonly StatusCheck[]): string {
  return `<ul class="list checks">${checks.map(row).join("\n")}</ul>`;
}

function row({ name, href, outcome, reason, days }: StatusCheck): string {
  const measured = measuredShare(days);
  const note = measured === null || measured === 1 ? "" : `, ${percent(measured)} measured`;
  // An incident has its reason above.
  const why = outcome === "unknown" && reason !== null ? `<span class="why soft">${escaped(reason)}</span>` : "";
  return `<li><a class="name" href="${escaped(href)}">${escaped(name)}</a>${stateMark(outcome)}${dayBars(days)}<span class="soft share">${percent(availability(days))}${note}</span>${why}</li>`;
}

function pageLinks({ page: current, pages, query }: Status["paging"]): string {
  if (pages < 2) return "";
  const link = (to: number, text: string): string => (to < 1 || to > pages ? "" : `<a href="${escaped(`?page=${to}${query}`)}">${text}</a>`);
  return `<nav class="ends" aria-label="Pages">${link(current - 1, "← Earlier checks")}<span>Page ${current} of ${pages}</span>${link(current + 1, "More checks →")}</nav>`;
}
