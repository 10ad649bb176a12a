import type { Probe } from "../runner/harness/define-probe.js";

const BEGIN = "<!-- catalogue -->";
const END = "<!-- /catalogue -->";

/** Replaces the table of probes between the two marks; without marks, the text is unchanged. */
export function withCatalogue(text: string, probes: readonly Probe[]): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin);
  if (begin < 0 || end < 0) return text;
  return `${text.slice(0, begin + BEGIN.length)}\n${catalogue(probes)}\n${text.slice(end)}`;
}

function catalogue(probes: readonly Probe[]): string {
  const rows = probes.map(({ name, versions, summary, needs }) => [`\`${name}\``, Object.keys(versions).join(", "), summary, needs.join(", ")]);
  return [["Probe", "Versions", "What it does", "Needs"], ["---", "---", "---", "---"], ...rows].map(line).join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
