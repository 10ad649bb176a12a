import { CONTENT } from "./rules/content.js";
import { COOKIES } from "./rules/cookies.js";
import { CROSS_ORIGIN } from "./rules/cross-origin.js";
import { DISCLOSURE } from "./rules/disclosure.js";
import { HEADERS } from "./rules/headers.js";
import { MIXED_CONTENT } from "./rules/mixed-content.js";
import type { Page, Rules } from "./rules/rule.js";
import { TRANSPORT } from "./rules/transport.js";
import type { Rule } from "./schema.js";

/** In the order in which they are reported. */
const RULES: Rules = { ...TRANSPORT, ...CONTENT, ...HEADERS, ...CROSS_ORIGIN, ...COOKIES, ...MIXED_CONTENT, ...DISCLOSURE };

/** Every rule with its judgement. */
export function judgePage(page: Page): Rule[] {
  return Object.entries(RULES).map(([rule, judge]) => ({ rule, ...judge(page) }));
}
