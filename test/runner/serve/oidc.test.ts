import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BoundedMap } from "../../../runner/serve/login/oidc/bounded-map.js";
import { TokenRefused, verifyIdToken } from "../../../runner/serve/login/oidc/id-token.js";
import { OidcLogin, type OidcSettings } from "../../../runner/serve/login/oidc/oidc-login.js";
import { Provider } from "../../../runner/serve/login/oidc/provider.js";
import { anyCharacter } from "../../support/any-character.js";
import { startWatching, type Watching } from "../watch/watching.js";
import { CLIENT, type Deviation, signed, startProvider, stranger } from "./openid-provider.js";

let provider: Awaited<ReturnType<typeof startProvider>>;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());
beforeEach(() => {
  provider.deviation.now = {};
});

const SETTINGS: OidcSettings = {
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  url: "https://status.example/",
  groups: ["operators"],
  groupsClaim: "groups",
  scopes: ["profile"],
};
const cookieOf = (field: string | undefined): string => (field ?? "").split(";")[0] as string;

/** One login in a browser of its own, up to where the provider sends it back. */
async function begun(login: OidcLogin) {
  const { headers = {}, status, text } = await login.begin();
  const cookie = cookieOf(headers["set-cookie"]);
  return { status, text, headers, cookie, back: status === 303 ? provider.logIn(headers.location as string) : null };
}
const finish = (login: OidcLogin, back: URL, cookie: string) =>
  login.finish({ query: back.searchParams, header: (name) => (name === "cookie" ? `other=1; ${cookie}` : null) });
const loginWith = (settings: Partial<OidcSettings> = {}, now?: () => number): OidcLogin =>
  new OidcLogin({ ...SETTINGS, ...settings }, new Provider(provider.issuer, now), now);

describe("a login", () => {
  test("sends the browser to the provider with state, nonce and a challenge, and opens a session", async () => {
    const login = loginWith();
    const { headers, cookie, back } = await begun(login);
    const parameters = Object.fromEntries(new URL(headers.location as string).searchParams);
    expect(parameters).toMatchObject({
      response_type: "code",
      client_id: CLIENT.id,
      redirect_uri: "https://status.example/login/callback",
      scope: "openid profile",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(headers["set-cookie"]).toMatch(/^probe_run_login=[\w-]{43}\.[0-9a-z]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/);
    const answer = await finish(login, back as URL, cookie);
    expect(answer).toMatchObject({ status: 303, headers: { location: "https://status.example/" } });
    const session = cookieOf(answer.headers?.["set-cookie"]);
    // What the browser had before the login does not become its session.
    expect(session).not.toBe(cookie);
    const has = (field: string): boolean => login.hasSession({ header: (name) => (name === "cookie" ? field : null) });
    expect([has(session), has(cookie), has("probe_run_login=x"), has("")]).toEqual([true, false, false, false]);
  });

  test("with an elliptic key, and by a public client", async () => {
    provider.deviation.now = { header: { alg: "ES256", kid: "e" }, key: provider.ecKey };
    const login = loginWith();
    const { back, cookie } = await begun(login);
    expect((await finish(login, back as URL, cookie)).status).toBe(303);
    // The provider wants a secret, which a public client does not have.
    const open = loginWith({ clientSecret: null });
    const other = await begun(open);
    expect(await finish(open, other.back as URL, other.cookie)).toMatchObject({ status: 502, text: expect.stringContaining("HTTP 400 at /token") });
  });

  test("is finished once, in the browser in which it began, with its own state, in time", async () => {
    let now = Date.now();
    const login = loginWith({}, () => now);
    const first = await begun(login);
    const other = await begun(login);
    expect((await finish(login, first.back as URL, other.cookie)).status).toBe(400);
    expect((await finish(login, first.back as URL, "")).status).toBe(400);
    expect((await finish(login, first.back as URL, first.cookie)).status).toBe(303);
    expect((await finish(login, first.back as URL, first.cookie)).status).toBe(400);
    const late = await begun(login);
    now += 601_000;
    expect((await finish(login, late.back as URL, late.cookie)).status).toBe(400);
  });

  test("is finished however many others begin meanwhile, which anyone may", async () => {
    const login = loginWith();
    const { back, cookie } = await begun(login);
    for (let count = 0; count < 2000; count++) await login.begin();
    expect((await finish(login, back as URL, cookie)).status).toBe(303);
  });

  test("a login that another process began is not finished, nor one that is made to last", async () => {
    const login = loginWith();
    const { back, cookie } = await begun(login);
    expect((await finish(loginWith(), back as URL, cookie)).status).toBe(400);
    expect((await finish(login, back as URL, `${cookie}z`)).status).toBe(400);
  });

  test("a session ends after eight hours", async () => {
    let now = Date.now();
    const login = loginWith({}, () => now);
    const { back, cookie } = await begun(login);
    const session = cookieOf((await finish(login, back as URL, cookie)).headers?.["set-cookie"]);
    const has = (): boolean => login.hasSession({ header: () => session });
    expect(has()).toBe(true);
    now += 8 * 3_600_000 + 1;
    expect(has()).toBe(false);
  });

  test.each([
    [["strangers"], "groups", 403],
    [["strangers", "staff"], "groups", 303],
    [["operators"], "roles", 403],
    [null, "groups", 303],
  ])("groups %j in the claim %s: %d", async (groups, groupsClaim, status) => {
    const login = loginWith({ groups, groupsClaim });
    const { back, cookie } = await begun(login);
    expect((await finish(login, back as URL, cookie)).status).toBe(status);
  });
});

const seconds = (from: number): number => Math.floor(Date.now() / 1000) + from;
const REFUSED: readonly (readonly [what: string, deviation: () => Deviation, why: string])[] = [
  ["a key of a stranger", () => ({ key: stranger.privateKey }), "its signature is by no key"],
  ["a key id that the provider does not have", () => ({ header: { kid: "x" } }), "its signature is by no key"],
  ["no signature", () => ({ token: `${signed({ alg: "none" }, { sub: "42" }, stranger.privateKey).split(".").slice(0, 2).join(".")}.` }), "not a signed token"],
  ["the algorithm none", () => ({ header: { alg: "none" } }), 'algorithm "none" is not accepted'],
  ["an algorithm that is a name of every object", () => ({ header: { alg: "constructor" } }), "is not accepted"],
  ["the public key as a shared secret", () => ({ token: withSharedSecret() }), 'algorithm "HS256" is not accepted'],
  ["an algorithm of another kind of key", () => ({ header: { alg: "ES256" } }), "its signature is by no key"],
  ["another issuer", () => ({ claims: { iss: "https://other.example" } }), "of another issuer"],
  ["another audience", () => ({ claims: { aud: "other" } }), "for another client"],
  ["several audiences without azp", () => ({ claims: { aud: [CLIENT.id, "other"] } }), "issued to another client"],
  ["another azp", () => ({ claims: { azp: "other" } }), "issued to another client"],
  ["a token that has expired", () => ({ claims: { exp: seconds(-61) } }), "it has expired"],
  ["no expiry", () => ({ claims: { exp: undefined } }), "it has expired"],
  ["a token from the future", () => ({ claims: { iat: seconds(120) } }), "from the future"],
  ["another nonce", () => ({ claims: { nonce: "other" } }), "nonce"],
  ["no nonce", () => ({ claims: { nonce: undefined } }), "nonce"],
  ["no subject", () => ({ claims: { sub: "" } }), "it has no subject"],
  ["no JSON", () => ({ token: "a.b.c" }), "not a signed token"],
  ["a very long token", () => ({ token: `a.${"b".repeat(70_000)}.c` }), "not a signed token"],
];

/** The old attack: a verifier that lets the token choose would take the provider's public key for a secret. */
function withSharedSecret(): string {
  const text = [{ alg: "HS256", kid: "r" }, { sub: "42" }].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${createHmac("sha256", provider.rsaPublicPem).update(text).digest("base64url")}`;
}

describe("an ID token is refused", () => {
  test.each(REFUSED)("with %s", async (_, deviation, why) => {
    const login = loginWith();
    const { back, cookie } = await begun(login);
    provider.deviation.now = deviation();
    const answer = await finish(login, back as URL, cookie);
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining(why) });
    expect(answer.headers?.["set-cookie"]).toBeUndefined();
  });

  test("whatever it is: no text breaks the verification", () => {
    const expected = { issuer: "x", clientId: "x", nonce: "x", now: 0 };
    const part = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString("base64url")),
    );
    const header = fc.constantFrom("RS256", "PS512", "ES384", "none", "__proto__").map((alg) => Buffer.from(JSON.stringify({ alg })).toString("base64url"));
    const keys = [stranger.publicKey.export({ format: "jwk" }), { kty: "RSA", n: "AA", e: "AQAB" }, { kty: "EC" }, {}] as never[];
    const token = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.tuple(fc.oneof(part, header), part, part).map((parts) => parts.join(".")),
    );
    fc.assert(
      fc.property(token, (text) => {
        expect(() => verifyIdToken(text, keys, expected)).toThrow(TokenRefused);
      }),
    );
  });

  test("and one that has just expired, or comes a little early, is not: clocks differ", async () => {
    for (const claims of [{ exp: seconds(-30) }, { iat: seconds(30) }, { aud: [CLIENT.id, "other"], azp: CLIENT.id }]) {
      const login = loginWith();
      const { back, cookie } = await begun(login);
      provider.deviation.now = { claims };
      expect((await finish(login, back as URL, cookie)).status).toBe(303);
    }
  });
});

describe("a provider", () => {
  test.each([
    [{ issuer: "https://other.example" }, "names another issuer"],
    [{ token_endpoint: "http://token.example/" }, "token_endpoint is not an https URL"],
    [{ jwks_uri: undefined }, "jwks_uri is not an https URL"],
  ])("whose configuration has %j is not used", async (configuration, why) => {
    provider.deviation.now = { configuration };
    expect(await begun(loginWith())).toMatchObject({ status: 502, text: expect.stringContaining(why) });
  });

  test("that is not there: the login fails, and says where", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const answer = await new OidcLogin(SETTINGS, new Provider(`http://127.0.0.1:${port}`)).begin();
    expect(answer).toMatchObject({ status: 502, text: expect.stringContaining("/.well-known/openid-configuration") });
  });

  test("is not asked for its keys for every token with an unknown one", async () => {
    let now = Date.now();
    const keys = new Provider(provider.issuer, () => now);
    const count = (): number => provider.asked.filter((path) => path === "/keys").length;
    const before = count();
    for (let index = 0; index < 5; index++) await keys.keys("unknown");
    expect(count() - before).toBe(1);
    now += 10_001;
    await keys.keys("r");
    expect(count() - before).toBe(1);
    await keys.keys("unknown");
    expect(count() - before).toBe(2);
  });
});

test("what is remembered is bounded", () => {
  const map = new BoundedMap<number>(2, 100);
  for (let index = 0; index < 5; index++) map.set(String(index), index, 0);
  expect([0, 1, 2, 3, 4].map((key) => map.get(String(key), 0))).toEqual([null, null, null, 3, 4]);
  expect(map.get("4", 100)).toBeNull();
});

describe("the status page", () => {
  let folder: string;
  let watching: Watching;
  const get = (path: string, cookie = ""): Promise<Response> => fetch(new URL(path, watching.address), { redirect: "manual", headers: { cookie } });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-oidc-"));
    const oidc = `{ issuer: "${provider.issuer}", client_id: "${CLIENT.id}", client_secret: "${CLIENT.secret}", url: "http://localhost:1/status", groups: [operators] }`;
    const check = "{ probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 1 } }";
    writeFileSync(join(folder, "checks.yaml"), `name: private\nwatch: { every: 1h, page: { oidc: ${oidc} } }\nchecks: [${check}]\n`);
    watching = await startWatching("checks.yaml", folder, ["--history", "history.db"]);
  }, 60_000);
  afterAll(async () => {
    await watching?.stop();
    rmSync(folder, { recursive: true });
  });

  test("sends people to the login and programs a challenge, and shows itself after the login", async () => {
    expect(await get("/")).toMatchObject({ status: 303 });
    expect((await get("/")).headers.get("location")).toBe("login");
    expect((await get("/check/0123456789abcdef")).headers.get("location")).toBe("../login");
    for (const path of ["/metrics", "/api/v1/checks", "/events"]) expect((await get(path)).status, path).toBe(401);
    const sent = await get("/login");
    expect(sent.status).toBe(303);
    const back = provider.logIn(sent.headers.get("location") ?? "");
    expect(back.href).toContain("http://localhost:1/status/login/callback?");
    const field = sent.headers.get("set-cookie") ?? "";
    // The page is behind a path, and on this machine without TLS.
    expect(field).toMatch(/; Path=\/status\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    const done = await get(`/login/callback${back.search}`, cookieOf(field));
    expect(done.headers.get("location")).toBe("http://localhost:1/status/");
    const session = cookieOf(done.headers.get("set-cookie") ?? "");
    for (const path of ["/", "/metrics", "/api/v1/checks"]) expect((await get(path, session)).status, path).toBe(200);
    expect(await (await get("/", session)).text()).toContain("network.tcp");
    expect((await get("/metrics", "probe_run_login=0000000000000000000000000000000000000000000")).status).toBe(401);
  });
});

test("a provider or a page without TLS elsewhere than on this machine is refused before anything runs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-oidc-wrong-"));
  for (const [issuer, url] of [
    ["http://login.example", "https://status.example"],
    ["https://login.example", "http://status.example"],
    ["not a url", "https://status.example"],
  ]) {
    const check = "{ probe: network.tcp, input: { target_host: 127.0.0.1, target_port: 1 } }";
    writeFileSync(
      join(folder, "checks.yaml"),
      `name: x\nwatch: { page: { oidc: { issuer: "${issuer}", client_id: x, url: "${url}" } } }\nchecks: [${check}]\n`,
    );
    await expect(startWatching("checks.yaml", folder, ["--history", "history.db"])).rejects.toThrow("the login of the status page cannot be used");
  }
  rmSync(folder, { recursive: true });
});
