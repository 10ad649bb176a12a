import type { DkimAlgorithm } from "../../../schemas/dkim.js";

/** Room for the fold, so that no line is over 78 characters (RFC 5322, section 2.1.1). */
const WIDTH = 72;
const FOLD = "\r\n\t";

export interface SignatureTags {
  readonly algorithm: DkimAlgorithm;
  readonly domain: string;
  readonly selector: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly expires: number | null;
  readonly names: readonly string[];
  readonly bodyHash: string;
}

/** The field up to the value of b=, which is last: `DKIM-Signature: v=1; … b=` */
export function unsignedField({ algorithm, domain, selector, time, expires, names, bodyHash }: SignatureTags): string {
  const expiry = expires === null ? "" : ` x=${expires};`;
  return [
    `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed;`,
    `d=${domain}; s=${selector};`,
    `t=${time};${expiry}`,
    `h=${foldedNames(names)};`,
    `bh=${bodyHash};`,
    "b=",
  ].join(FOLD);
}

/** With its signature and its line end. */
export function signedField(unsigned: string, signature: Uint8Array): string {
  const base64 = Buffer.from(signature).toString("base64");
  const lines = base64.match(new RegExp(`.{1,${WIDTH}}`, "g")) ?? [];
  return `${unsigned}${lines.join(FOLD)}\r\n`;
}

/** White space is allowed around the colons (RFC 6376, section 3.5). */
function foldedNames(names: readonly string[]): string {
  let line = 0;
  return names
    .map((name, index) => {
      const written = index === names.length - 1 ? name : `${name}:`;
      const starts = line + written.length > WIDTH;
      line = starts ? written.length : line + written.length;
      return starts ? `${FOLD}${written}` : written;
    })
    .join("");
}
