/** A content security policy: its directives by name, as far as they count (CSP 3, section 2.2.1: the first of each). */
export type Policy = ReadonlyMap<string, readonly string[]>;

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

/** What lets injected scripts run under all of these policies; each policy restricts further, so one that is strict is enough. */
export function weaknesses(policies: readonly Policy[]): string[] {
  const all = policies.map(weaknessesOf);
  return all.find((each) => each.length === 0) ?? all[0] ?? [];
}

function weaknessesOf(policy: Policy): string[] {
  const scripts = policy.get("script-src") ?? policy.get("default-src");
  if (scripts === undefined) return ["neither script-src nor default-src restricts scripts"];
  const hasNonce = scripts.some((source) => /^'(nonce|sha256|sha384|sha512)-/.test(source));
  const isStrict = hasNonce && scripts.includes("'strict-dynamic'");
  const open = scripts.filter((source) => ["*", "http:", "https:", "data:"].includes(source));
  return [
    // A nonce or a hash makes browsers ignore it (CSP 3, section 6.7.3.2).
    ...(scripts.includes("'unsafe-inline'") && !hasNonce ? ["script-src allows 'unsafe-inline'"] : []),
    ...(open.length > 0 && !isStrict ? [`script-src allows ${open.join(" ")}`] : []),
    ...((policy.get("object-src") ?? policy.get("default-src")) === undefined ? ["object-src is not restricted"] : []),
    ...(policy.has("base-uri") || !hasNonce ? [] : ["base-uri is not restricted"]),
  ];
}
