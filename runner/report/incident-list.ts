import { durationText, escaped, timeElement } from "./html.js";

export interface StatusIncident {
  readonly name: string;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly isFlapping: boolean;
  /** Null on a public page. */
  readonly reason: string | null;
}

export function incidentList(incidents: readonly StatusIncident[], now: number): string {
  return incidents.length === 0 ? "<p>None yet.</p>" : `<ul class="list">${incidents.map((each) => row(each, now)).join("\n")}</ul>`;
}

function row({ name, openedAt, closedAt, isFlapping, reason }: StatusIncident, now: number): string {
  const length = durationText((closedAt ?? now) - openedAt);
  const state = closedAt === null ? `<span class="error">✘ open, ${length}</span>` : `<span class="recovered">✔ closed after ${length}</span>`;
  const why = reason === null ? "" : `<span class="soft">${escaped(reason)}</span>`;
  return `<li><span class="name">${escaped(name)}</span>${state}${isFlapping ? "<span>flapping</span>" : ""}${timeElement(openedAt)}${why}</li>`;
}
