export interface Reply {
  code: number;
  lines: readonly string[];
  /** The server closes after it. */
  close?: boolean;
  /** TLS begins after it. */
  startTls?: boolean;
}

export function reply(code: number, ...lines: readonly string[]): Reply {
  return { code, lines };
}

/** RFC 5321, 4.2.1: every line but the last has a hyphen after its code. */
export function wireReply({ code, lines }: Reply): string {
  return lines.map((line, index) => `${code}${index < lines.length - 1 ? "-" : " "}${line}\r\n`).join("");
}
