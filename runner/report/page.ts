import { createHash } from "node:crypto";
import { escaped } from "./html.js";
import { STYLE } from "./style.js";

/** What a browser may load for a page: its own style, and nothing else. */
export const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** In the head of every page: it is known again by this. */
export const GENERATOR = '<meta name="generator" content="probe-run">';

/** A whole page of this body. It needs no script and makes no request. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${GENERATOR}<title>${escaped(title)}</title>
<style>${STYLE}</style></head>
<body>
${body}
</body></html>
`;
}
