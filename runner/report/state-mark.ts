export type Outcome = "ok" | "warning" | "error" | "unknown" | "suppressed" | "maintenance";

/** Colour is never alone: each state has a sign and its word. */
const SIGNS = { ok: "✔", warning: "▲", error: "✘", unknown: "?", suppressed: "–", maintenance: "⚒" } as const;

export function stateMark(outcome: Outcome): string {
  return `<span class="state ${outcome}">${SIGNS[outcome]} ${outcome}</span>`;
}
