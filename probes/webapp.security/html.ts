/** What a page loads and what it says of its policy, found in its tags. */

export interface Tag {
  /** In lower case. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const LOOKED_AT = /<(script|iframe|frame|img|audio|video|source|track|embed|object|link|form|meta|input)([\s/][^<>]*)?>/gi;
const ATTRIBUTE = /(?<![a-z-])([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
/** A page has fewer, and a longer tag is no tag that is looked at. */
const MAX_TAGS = 5000;
const MAX_CHARACTERS = 4000;

/** The tags that load or declare something. What stands in a comment is left out. */
export function tagsIn(html: string): Tag[] {
  const tags: Tag[] = [];
  for (const [, name = "", written = ""] of withoutComments(html).matchAll(LOOKED_AT)) {
    if (written.length > MAX_CHARACTERS) continue;
    if (tags.push({ name: name.toLowerCase(), attributes: attributesIn(written) }) >= MAX_TAGS) break;
  }
  return tags;
}

function withoutComments(html: string): string {
  let text = "";
  for (let at = 0; ; ) {
    const begin = html.indexOf("<!--", at);
    if (begin === -1) return text + html.slice(at);
    text += html.slice(at, begin);
    const end = html.indexOf("-->", begin + 4);
    if (end === -1) return text;
    at = end + 3;
  }
}

/** The first of a name counts (HTML, section 13.2.5.33). */
function attributesIn(written: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = "", double, single, plain] of written.matchAll(ATTRIBUTE)) {
    const lower = name.toLowerCase();
    if (!attributes.has(lower)) attributes.set(lower, (double ?? single ?? plain ?? "").replaceAll("&amp;", "&").trim());
  }
  return attributes;
}

/** Attributes that load their URL at once, and whether what is loaded acts on the page (Mixed Content, section 3.1). */
const LOADS: Readonly<Record<string, { readonly attribute: string; readonly acts: boolean }>> = {
  script: { attribute: "src", acts: true },
  iframe: { attribute: "src", acts: true },
  frame: { attribute: "src", acts: true },
  embed: { attribute: "src", acts: true },
  object: { attribute: "data", acts: true },
  track: { attribute: "src", acts: true },
  form: { attribute: "action", acts: true },
  link: { attribute: "href", acts: true },
  img: { attribute: "src", acts: false },
  audio: { attribute: "src", acts: false },
  video: { attribute: "src", acts: false },
  source: { attribute: "src", acts: false },
  input: { attribute: "src", acts: false },
};

/** Links that a page only points to are no content of it. */
const LOADED_LINKS = /(?:^|\s)(?:stylesheet|icon|preload|modulepreload|prefetch|manifest)(?:\s|$)/i;

/** URLs of plain HTTP that a page loads, or sends its forms to. */
export function plainHttpIn(tags: readonly Tag[]): { readonly acting: string[]; readonly shown: string[] } {
  const found = tags.flatMap(({ name, attributes }) => {
    const load = LOADS[name];
    const url = load === undefined ? "" : (attributes.get(load.attribute) ?? "");
    if (load === undefined || !/^http:\/\//i.test(url) || isOfThisMachine(url)) return [];
    if (name === "link" && !LOADED_LINKS.test(attributes.get("rel") ?? "")) return [];
    return [{ acts: load.acts, text: `<${name}> ${url.slice(0, 200)}` }];
  });
  return { acting: found.filter(({ acts }) => acts).map(({ text }) => text), shown: found.filter(({ acts }) => !acts).map(({ text }) => text) };
}

/** What is loaded from the visitor's own machine is no mixed content (Secure Contexts, section 3.1). */
function isOfThisMachine(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return host === "localhost" || host.endsWith(".localhost") || /^127\./.test(host) || host === "[::1]";
}

/** What old pages write, and what it means (HTML, section 4.2.5.1). */
const OLD_REFERRERS: Readonly<Record<string, string>> = {
  never: "no-referrer",
  default: "strict-origin-when-cross-origin",
  always: "unsafe-url",
  "origin-when-crossorigin": "origin-when-cross-origin",
};

/** Referrer policies in meta elements, in lower case. */
export function referrersInMeta(tags: readonly Tag[]): string[] {
  return tags.flatMap(({ name, attributes }) => {
    if (name !== "meta" || attributes.get("name")?.toLowerCase() !== "referrer") return [];
    const value = (attributes.get("content") ?? "").toLowerCase();
    return value === "" ? [] : [OLD_REFERRERS[value] ?? value.slice(0, 200)];
  });
}

/** A policy in a meta element counts, but for these directives (HTML, section 4.2.5.3). */
const NOT_IN_META = /^(frame-ancestors|report-uri|sandbox)$/i;

export function policiesInMeta(tags: readonly Tag[]): string[] {
  return tags.flatMap(({ name, attributes }) => {
    if (name !== "meta" || attributes.get("http-equiv")?.toLowerCase() !== "content-security-policy") return [];
    const directives = (attributes.get("content") ?? "").split(";").map((directive) => directive.trim());
    return [directives.filter((directive) => !NOT_IN_META.test(directive.split(/\s/)[0] ?? "")).join("; ")];
  });
}
