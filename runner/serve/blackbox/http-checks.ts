import type { Hop } from "../../../schemas/http.js";
import { matches } from "../../assertions/assertions.js";
import type { ModuleFinding } from "../module.js";
import { pattern } from "./common.js";
import type { Section } from "./section.js";

/** What a module wants of the last response. */
export type HopCheck = (last: Hop) => ModuleFinding[];

/** The versions as Go names them. */
const VERSIONS: Readonly<Record<string, string>> = { "1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0" };

export function hopChecks(section: Section): HopCheck[] {
  const checks: HopCheck[] = [];
  const add = (isUnmet: (last: Hop) => boolean, message: string, isRegex = false): void => {
    checks.push((last) => (isUnmet(last) ? [{ message, isRegex }] : []));
  };
  const versions = section.texts("valid_http_versions");
  if (versions.length > 0) add(({ http_version: version }) => !versions.includes(VERSIONS[version ?? ""] ?? ""), "the HTTP version is not a valid one");
  if (section.flag("fail_if_ssl") === true) add(({ tls }) => tls !== null, "the last response came over TLS");
  if (section.flag("fail_if_not_ssl") === true) add(({ tls }) => tls === null, "the last response did not come over TLS");
  for (const [key, fails] of [
    ["fail_if_header_matches", true],
    ["fail_if_header_not_matches", false],
  ] as const)
    for (const each of section.sections(key)) {
      const { name, expression, mayBeMissing } = headerMatch(each);
      if (expression !== null)
        add((last) => isHeaderUnmet(last, name, expression, mayBeMissing, fails), `the header ${name} ${fails ? "matches" : "does not match"}`, true);
    }
  return checks;
}

function headerMatch(section: Section): { name: string; expression: string | null; mayBeMissing: boolean } {
  const name = section.text("header");
  const written = section.text("regexp");
  if (name === null || written === null) section.wrong(null, "header and regexp are required");
  const [expression = null] = written === null ? [] : pattern(section, "regexp", written);
  const mayBeMissing = section.flag("allow_missing") === true;
  section.end();
  return { name: name ?? "", expression, mayBeMissing };
}

function isHeaderUnmet({ headers }: Hop, name: string, expression: string, mayBeMissing: boolean, fails: boolean): boolean {
  const value = headers[name.toLowerCase()];
  if (value === undefined) return !mayBeMissing;
  const values = typeof value === "string" ? [value] : value;
  return values.some((each) => matches(each, expression)) === fails;
}
