import type { Exchange } from "../../runner/net/http/exchange.js";
import { hopOf } from "../../runner/net/http/hop.js";
import { ask, askBeside, type Ctx, MAX_REDIRECTS, textOf } from "./requests.js";
import type { Page } from "./rules/rule.js";
import { judgePage } from "./rules.js";
import type { Input, Output, Rule } from "./schema.js";
import { scoreOf } from "./score.js";
import { SITE_RULES, type Site } from "./site.js";

/** RFC 2606: an origin that cannot exist. */
const FOREIGN_ORIGIN = "https://origin.example";

/** What a page itself shows. */
export async function examinePage(ctx: Ctx, input: Input, page: Exchange): Promise<Omit<Page, keyof Site>> {
  const { url } = page.request;
  const cors = await askBeside(ctx, input, url, { origin: FOREIGN_ORIGIN, page });
  return { url, fields: page.head?.fields ?? [], html: textOf(page), cors: cors?.head?.fields ?? null, foreignOrigin: FOREIGN_ORIGIN };
}

const NO_SITE: Site = { plain: null, scan: null, securityTxt: null };
const LONGEST_NAME = 60;

/** Judges another page of the site. `ofTheSite` are the rules of the whole site, and none if that could not be judged. */
export async function judgePath(ctx: Ctx, input: Input, path: string, ofTheSite: readonly Rule[]): Promise<Output["paths"][number]> {
  const exchanges: Exchange[] = [];
  let rules: readonly Rule[] | null = null;
  const part = ctx.part(path.slice(0, LONGEST_NAME));
  const failure = await ctx.attempt(async () => {
    const page = await ask(part, input, new URL(path, input.url), { follow: MAX_REDIRECTS, exchanges });
    rules = judgePage({ ...(await examinePage(part, input, page)), ...NO_SITE }).filter(({ rule }) => !SITE_RULES.includes(rule));
  });
  const own = (rules ?? []) as Rule[];
  const missing = ofTheSite.length === 0 ? SITE_RULES : [];
  return {
    path,
    final_url: finalUrl(exchanges),
    failure,
    hops: exchanges.map(hopOf),
    rules: own,
    score: rules === null ? null : scoreOf([...own, ...ofTheSite], missing),
  };
}

export function finalUrl(exchanges: readonly Exchange[]): string | null {
  return exchanges.findLast(({ head }) => head !== null)?.request.url.href ?? null;
}
