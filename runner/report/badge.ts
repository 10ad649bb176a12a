import { escaped } from "./html.js";
import type { Outcome } from "./state-mark.js";

const COLOURS = { ok: "#1a7f37", warning: "#7d5700", error: "#c62828", unknown: "#57606a", suppressed: "#57606a", maintenance: "#57606a" } as const;
const HEIGHT = 20;
const CHARACTER = 7;
const PADDING = 12;
const MOST_NAME = 60;

/** The state of a check as a picture for other pages. It loads nothing. */
export function badge(name: string, outcome: Outcome): string {
  const shown = name.length > MOST_NAME ? `${name.slice(0, MOST_NAME - 1)}…` : name;
  const left = [...shown].length * CHARACTER + PADDING;
  const right = outcome.length * CHARACTER + PADDING;
  const text = (x: number, width: number, content: string): string =>
    `<text x="${x + width / 2}" y="14" textLength="${width - PADDING}" lengthAdjust="spacingAndGlyphs">${content}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img" aria-label="${escaped(`${name}: ${outcome}`)}">
<title>${escaped(`${name}: ${outcome}`)}</title><rect width="${left}" height="${HEIGHT}" fill="#333"/><rect x="${left}" width="${right}" height="${HEIGHT}" fill="${COLOURS[outcome]}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,sans-serif" font-size="11">${text(0, left, escaped(shown))}${text(left, right, outcome)}</g></svg>
`;
}
