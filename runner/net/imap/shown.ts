import type { Frame } from "./framer.js";
import { statusLine, type Untagged } from "./response.js";

/** A response for the trace, as it came: literals stand where they stood. */
export function shownFrame({ lines, literals }: Frame): string {
  const parts = lines.flatMap((line, index) => (index === 0 ? [line] : [`\r\n${literals[index - 1]}`, line]));
  return Buffer.from(parts.join(""), "latin1").toString("utf8");
}

/** What a response is, in a sentence. */
export function shownUntagged(response: Untagged): string {
  if (response.kind === "status") return statusLine(response);
  return response.number === null ? response.name : `${response.number} ${response.name}`;
}
