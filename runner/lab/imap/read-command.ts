import type { Peer } from "../client-connection.js";
import { BadCommand } from "./bad-command.js";

/** One command as the client sent it, literals in their place: `{3}`, CR, LF and three bytes. */
export interface CommandText {
  tag: string;
  /** Without the tag. */
  text: string;
}

export interface ReadLimits {
  readonly line: number;
  readonly literal: number;
  readonly timeoutMs: number;
}

/** RFC 9051, 2.2.1: a command continues after each literal; null if the client is gone or silent. */
export async function readCommand(peer: Peer, limits: ReadLimits): Promise<CommandText | null> {
  let text = "";
  for (;;) {
    const line = await peer.readLine({ limit: limits.line, timeoutMs: limits.timeoutMs });
    if (line === null) return null;
    text += line.text;
    const [, size, plus] = /\{(\d{1,12})(\+?)\}$/.exec(line.text) ?? [];
    const problem = line.cut ? "the line is too long" : line.ending === "lf" ? "a line ends in CR LF, this one ended in a bare LF" : null;
    if (problem !== null) throw refused(text, problem);
    if (size === undefined) return split(text);
    if (Number(size) > limits.literal) {
      // What was announced with a plus comes whatever we answer (RFC 7888, section 4).
      if (plus === "+" && (await peer.readBytes(Number(size), { keep: false, timeoutMs: limits.timeoutMs })) === null) return null;
      throw refused(text, `a literal here has at most ${limits.literal} bytes`);
    }
    if (plus === "") await peer.write("+ go ahead\r\n");
    const literal = await peer.readBytes(Number(size), { timeoutMs: limits.timeoutMs });
    if (literal === null) return null;
    text += `\r\n${literal}`;
  }
}

/** A command that could be read far enough to be answered by its tag. */
export class UnreadableCommand extends BadCommand {
  constructor(
    readonly tag: string,
    problem: string,
  ) {
    super(problem);
  }
}

function refused(text: string, problem: string): UnreadableCommand {
  return new UnreadableCommand(split(text).tag, problem);
}

function split(text: string): CommandText {
  // RFC 9051, 9: a tag is made of what an astring may hold, but for the plus.
  const [, tag, rest] = /^([^\s(){%*"\\+]+) (.*)$/s.exec(text) ?? [];
  return tag === undefined || rest === undefined ? { tag: "*", text: "" } : { tag, text: rest };
}
