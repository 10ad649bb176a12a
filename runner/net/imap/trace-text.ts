import type { Frame } from "./framer.js";
import { type Response, statusLine } from "./response.js";

/** A response for the trace, with literals in their positions. */
export function shownFrame({ lines, literals }: Frame): string {
  const parts = lines.flatMap((line, index) => (index === 0 ? [line] : [`\r\n${literals[index - 1]}`, line]));
  return Buffer.from(parts.join(""), "latin1").toString("utf8");
}

/** What a response is, in short. */
export function shownResponse(response: Response): string {
  if (response.kind === "continuation") return `+ ${response.text}`;
  if (response.kind === "tagged") return `${response.tag} ${statusLine(response)}`;
  if (response.kind === "status") return `* ${statusLine(response)}`;
  return `* ${response.number === null ? "" : `${response.number} `}${response.name}`;
}
