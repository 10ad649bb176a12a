import type { Hop } from "../../../schemas/http.js";
import type { Report } from "../../harness/run.js";
import { type Asked, BadTarget, type Module } from "../module.js";
import { families, familiesFor, filePath, fileText, patterns, tlsInput, waits } from "./common.js";
import { type HopCheck, hopChecks } from "./http-checks.js";
import type { Section } from "./section.js";

type Fields = Readonly<Record<string, unknown>>;
type Parts = Omit<Module, "name" | "timeoutMs">;

/** The http prober as an input of webapp.http. */
export function httpModule(section: Section): Parts {
  const wanted = families(section);
  const headers = headersOf(section);
  const fixed: Fields = {
    method: section.text("method") || "GET",
    follow: section.flag("follow_redirects") ?? section.flag("no_follow_redirects") !== true,
    ...bodyOf(section),
    ...authOf(section),
    ...compressionOf(section),
    ...limitOf(section),
    ...(section.flag("enable_http2") === false ? { version: "1.1" } : {}),
    expect: expectationsOf(section),
  };
  const tls = tlsInput(section.section("tls_config"));
  const checks = hopChecks(section);
  section.end();
  return {
    probe: "webapp.http",
    inputs: (asked) => inputsFor(asked, { fixed, headers, tls, wanted }),
    judge: (report) => judged(report, checks, "max_body_bytes" in fixed),
    ignores: [],
    hasRegex: true,
  };
}

interface Settings {
  readonly fixed: Fields;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Fields;
  readonly wanted: ReturnType<typeof families>;
}

function inputsFor({ target, hostname, timeoutMs }: Asked, { fixed, headers, tls, wanted }: Settings): Fields[] {
  const written = /^https?:\/\//i.test(target) ? target : `http://${target}`;
  if (!URL.canParse(written)) throw new BadTarget(`${JSON.stringify(target)} is no URL`);
  const given = hostHeader(headers);
  if (hostname !== null && given !== null && given !== hostname)
    throw new BadTarget("the module has a Host header of its own, and the URL names another hostname");
  const host = hostname ?? given;
  const bare = new URL(written).hostname.replace(/^\[(.*)\]$/, "$1");
  const common = {
    ...fixed,
    url: written,
    headers: { ...headers, ...(hostname === null ? {} : { Host: hostname }) },
    tls: { ...tls, ...(host === null || tls.servername !== undefined ? {} : { servername: host.replace(/:\d+$/, "") }) },
    ...waits(timeoutMs),
  };
  return familiesFor(bare, wanted).map((address_family) => ({ ...common, address_family }));
}

function hostHeader(headers: Readonly<Record<string, string>>): string | null {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === "host")?.[1] ?? null;
}

/** `http_headers` is the newer way to write them: a list of values each, of which we send one. */
function headersOf(section: Section): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(section.mapping("headers") ?? {})) {
    if (typeof value === "string" || typeof value === "number") headers[name] = String(value);
    else section.wrong("headers", `headers.${name} must be a text`);
  }
  const newer = section.section("http_headers");
  for (const name of Object.keys(section.mapping("http_headers") ?? {})) {
    const own = newer.section(name);
    const values = own.texts("values");
    if (values.length > 1) own.wrong("values", "more than one value of a header is not supported");
    if (values[0] !== undefined) headers[name] = values[0];
    own.end();
  }
  return headers;
}

function bodyOf(section: Section): Fields {
  const body = section.text("body");
  const file = section.text("body_file");
  const text = body ?? (file === null ? null : fileText(section, "body_file", file));
  return text === null || text === "" ? {} : { body: text };
}

function authOf(section: Section): Fields {
  const basic = section.section("basic_auth");
  const authorization = section.section("authorization");
  const [username, password, passwordFile] = [basic.text("username"), basic.text("password"), basic.text("password_file")];
  const type = authorization.text("type");
  if (type !== null && type.toLowerCase() !== "bearer") authorization.wrong("type", "only the type Bearer is supported");
  const token = authorization.text("credentials") ?? section.text("bearer_token");
  const tokenFile = authorization.text("credentials_file") ?? section.text("bearer_token_file");
  basic.end();
  authorization.end();
  const secret = (text: string | null, file: string | null): unknown => text ?? (file === null ? "" : { secret: `file:${filePath(section, file)}` });
  if (username !== null) return { auth: { username, password: secret(password, passwordFile) } };
  return token === null && tokenFile === null ? {} : { auth: { token: secret(token, tokenFile) } };
}

function compressionOf(section: Section): Fields {
  const compression = section.text("compression");
  if (compression === null || compression === "" || compression === "identity") return {};
  return { compression: [compression] };
}

/** `10MB`: powers of 1024. */
function limitOf(section: Section): Fields {
  const written = section.text("body_size_limit");
  if (written === null || written === "0") return {};
  const [, number, unit] = /^(\d{1,12})(|B|KB|KiB|MB|MiB|GB|GiB)$/.exec(written) ?? [];
  const power = ["", "K", "M", "G"].indexOf((unit ?? "").replace(/i?B$/, ""));
  if (number === undefined) section.wrong("body_size_limit", "body_size_limit must be a size such as 10MB");
  return { max_body_bytes: Math.min(1_073_741_824, Number(number ?? 0) * 1024 ** power) };
}

/** A body must match each of some expressions, and none of others; we have one expression for both. */
function expectationsOf(section: Section): Fields {
  const codes = section.wholes("valid_status_codes");
  const wanted = patterns(section, "fail_if_body_not_matches_regexp");
  const unwanted = patterns(section, "fail_if_body_matches_regexp");
  const status = codes.length > 0 ? codes : { min: 200, max: 299 };
  if (wanted.length === 0 && unwanted.length === 0) return { status };
  const [only] = wanted;
  if (wanted.length === 1 && unwanted.length === 0) return { status, body: { matches: only } };
  const looks = [...wanted.map((each) => `(?=[^]*(?:${each}))`), ...unwanted.map((each) => `(?![^]*(?:${each}))`)];
  return { status, body: { matches: `^${looks.join("")}` } };
}

function judged({ carried }: Report, checks: readonly HopCheck[], isLimited: boolean): ReturnType<Module["judge"]> {
  const { hops, body } = carried as unknown as { hops: readonly Hop[]; body: { truncated: boolean } | null };
  const last = hops.at(-1);
  const tooLong = isLimited && body?.truncated === true ? [{ message: "the body is longer than body_size_limit", isRegex: false }] : [];
  return last === undefined ? [] : [...checks.flatMap((check) => check(last)), ...tooLong];
}
