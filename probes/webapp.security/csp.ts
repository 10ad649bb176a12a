/** A content security policy: its directives by name, as far as they count (CSP 3, section 2.2.1: the first of each). */
type Policy = ReadonlyMap<string, readonly string[]>;

/** The policies of a field's values; a comma begins another policy. */
export function policiesOf(values: readonly string[]): Policy[] {
  return values
    .flatMap((value) => value.split(","))
    .flatMap((written) => {
      const directives = new Map<string, readonly string[]>();
      for (const directive of written.split(";")) {
        const [name = "", ...sources] = directive.split(/[\t\n\f\r ]/).filter((part) => part !== "");
        if (name !== "" && !directives.has(name.toLowerCase()))
          directives.set(
            name.toLowerCase(),
            sources.map((source) => source.toLowerCase()),
          );
      }
      return directives.size === 0 ? [] : [directives];
    });
}

/** Who may frame the page, by each policy that says it. */
export function framersOf(policies: readonly Policy[]): (readonly string[])[] {
  return policies.flatMap((policy) => {
    const sources = policy.get("frame-ancestors");
    return sources === undefined ? [] : [sources];
  });
}

/** Whether any site is a match: a scheme, or a host of * with whatever scheme and port (CSP 3, section 2.3.1). */
export function isOpenToAll(sources: readonly string[]): boolean {
  return sources.some(isAnySite);
}

function isAnySite(source: string): boolean {
  return source === "http:" || source === "https:" || /^(?:https?:\/\/)?\*(?::[0-9*]+)?(?:\/.*)?$/.test(source);
}

/** What lets injected scripts run under all of these policies. Each restricts further: only what every policy leaves open counts. */
export function weaknesses(policies: readonly Policy[]): string[] {
  const all = policies.map(weaknessesOf);
  const kinds = Object.entries(all[0] ?? {}) as [Kind, string | null][];
  return [...new Set(kinds.flatMap(([kind, message]) => (message !== null && all.every((each) => each[kind] !== null) ? [message] : [])))];
}

type Kind = "sources" | "inline" | "handlers" | "eval" | "objects" | "base";
const NONE: Readonly<Record<Kind, null>> = { sources: null, inline: null, handlers: null, eval: null, objects: null, base: null };

function weaknessesOf(policy: Policy): Readonly<Record<Kind, string | null>> {
  const sandbox = policy.get("sandbox");
  // In such a sandbox no script runs (HTML, section 7.1.5).
  if (sandbox !== undefined && !sandbox.includes("allow-scripts")) return NONE;
  const scripts = policy.get("script-src") ?? policy.get("default-src");
  const elements = policy.get("script-src-elem") ?? scripts;
  const objects = policy.get("object-src") ?? policy.get("default-src");
  return {
    sources: elements === undefined ? UNRESTRICTED : openSources(elements),
    inline: inlineScripts(elements),
    handlers: inlineScripts(policy.get("script-src-attr") ?? scripts),
    eval: scripts === undefined ? UNRESTRICTED : scripts.includes("'unsafe-eval'") ? "script-src allows 'unsafe-eval'" : null,
    objects: objects === undefined ? "object-src is not restricted" : isOpenToAll(objects) ? "object-src allows any site" : null,
    base: policy.has("base-uri") || !elements?.some(isNonceOrHash) ? null : "base-uri is not restricted",
  };
}

const UNRESTRICTED = "neither script-src nor default-src restricts scripts";

/** With 'strict-dynamic', hosts and schemes do not count (CSP 3, section 6.7.1.1). */
function openSources(sources: readonly string[]): string | null {
  const open = sources.includes("'strict-dynamic'") ? [] : sources.filter((source) => isAnySite(source) || source === "data:");
  return open.length === 0 ? null : `script-src allows ${open.join(" ")}`;
}

/** A nonce, a hash or 'strict-dynamic' makes browsers ignore 'unsafe-inline' (CSP 3, section 6.7.3.2). */
function inlineScripts(sources: readonly string[] | undefined): string | null {
  if (sources === undefined) return UNRESTRICTED;
  const isIgnored = sources.some(isNonceOrHash) || sources.includes("'strict-dynamic'");
  return sources.includes("'unsafe-inline'") && !isIgnored ? "script-src allows 'unsafe-inline'" : null;
}

function isNonceOrHash(source: string): boolean {
  return /^'(?:nonce|sha256|sha384|sha512)-[a-z0-9+/_-]+={0,2}'$/.test(source);
}
