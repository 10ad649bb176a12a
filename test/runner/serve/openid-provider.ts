import { createHash, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export const CLIENT = { id: "status page", secret: "s3cret:with+signs" };

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
/** A key that the provider does not know. */
export const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });

export interface Deviation {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  key?: KeyObject;
  /** In place of the signed token. */
  token?: string;
  /** Of the configuration. */
  configuration?: Record<string, unknown>;
}

/** An OpenID provider that checks what a client must send, and whose tokens can be wrong in one way. */
export async function startProvider() {
  const deviation: { now: Deviation } = { now: {} };
  const codes = new Map<string, URLSearchParams>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] as string;
    asked.push(path);
    let body = "";
    request.on("data", (piece: Buffer) => {
      body += piece.toString();
    });
    request.on("end", () => {
      const [status, value] = answerTo(path, body, request.headers.authorization ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function answerTo(path: string, body: string, authorization: string): [status: number, value: unknown] {
    const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` };
    if (path === "/.well-known/openid-configuration") return [200, { issuer, ...endpoints, ...deviation.now.configuration }];
    const keys = [
      { ...rsa.publicKey.export({ format: "jwk" }), kid: "r", use: "sig" },
      { ...ec.publicKey.export({ format: "jwk" }), kid: "e" },
    ];
    if (path === "/keys") return [200, { keys }];
    return path === "/token" ? tokenFor(new URLSearchParams(body), authorization) : [404, {}];
  }

  function tokenFor(form: URLSearchParams, authorization: string): [status: number, value: unknown] {
    const login = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const [name, secret] = Buffer.from(authorization.replace(/^Basic /, ""), "base64")
      .toString()
      .split(":")
      .map((part) => new URLSearchParams(`x=${part}`).get("x"));
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isRight =
      login !== undefined &&
      form.get("grant_type") === "authorization_code" &&
      name === CLIENT.id &&
      secret === CLIENT.secret &&
      challenge === login.get("code_challenge") &&
      form.get("redirect_uri") === login.get("redirect_uri");
    return isRight ? [200, { token_type: "Bearer", access_token: "x", id_token: idToken(login) }] : [400, { error: "invalid_grant" }];
  }

  function idToken(login: URLSearchParams): string {
    const { header, claims, key, token } = deviation.now;
    if (token !== undefined) return token;
    const seconds = Math.floor(Date.now() / 1000);
    const usual = {
      iss: issuer,
      sub: "42",
      aud: login.get("client_id"),
      exp: seconds + 300,
      iat: seconds,
      nonce: login.get("nonce"),
      groups: ["staff", "operators"],
    };
    return signed({ alg: "RS256", kid: "r", ...header }, { ...usual, ...claims }, key ?? rsa.privateKey);
  }

  return {
    issuer,
    deviation,
    asked,
    ecKey: ec.privateKey,
    rsaPublicPem: rsa.publicKey.export({ type: "spki", format: "pem" }) as string,
    /** As a browser does whose user logs in: what the provider sends it back with. */
    logIn(location: string): URL {
      const { searchParams } = new URL(location);
      const code = createHash("sha256")
        .update(`${searchParams.get("state")}${codes.size}`)
        .digest("hex");
      codes.set(code, searchParams);
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", searchParams.get("state") ?? "");
      return back;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function signed(header: Record<string, unknown>, claims: Record<string, unknown>, key: KeyObject): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signer = createSign("sha256").update(text);
  return `${text}.${signer.sign(key.asymmetricKeyType === "ec" ? { key, dsaEncoding: "ieee-p1363" } : key, "base64url")}`;
}
