import { constants, createPublicKey, type JsonWebKey, type KeyObject, type VerifyKeyObjectInput, verify } from "node:crypto";

/** What an ID token says, after it was verified. */
export type Claims = Readonly<Record<string, unknown>>;

export interface ExpectedToken {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A token that proves nothing: the message says why. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
}

interface Algorithm {
  readonly keyType: string;
  readonly curve: string | null;
  readonly hash: string;
  readonly settings: Omit<VerifyKeyObjectInput, "key">;
}

const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const P1363 = { dsaEncoding: "ieee-p1363" } as const;
/** RFC 7518, section 3.1: signatures with a public key only. A secret shared with the provider, and "none", are no proof. */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RS256: { keyType: "rsa", curve: null, hash: "sha256", settings: PKCS1 },
  RS384: { keyType: "rsa", curve: null, hash: "sha384", settings: PKCS1 },
  RS512: { keyType: "rsa", curve: null, hash: "sha512", settings: PKCS1 },
  PS256: { keyType: "rsa", curve: null, hash: "sha256", settings: PSS },
  PS384: { keyType: "rsa", curve: null, hash: "sha384", settings: PSS },
  PS512: { keyType: "rsa", curve: null, hash: "sha512", settings: PSS },
  ES256: { keyType: "ec", curve: "prime256v1", hash: "sha256", settings: P1363 },
  ES384: { keyType: "ec", curve: "secp384r1", hash: "sha384", settings: P1363 },
};
const LEAST_RSA_BITS = 2048;
/** Clocks of the two sides differ. */
const SKEW_MS = 60_000;
const MOST_TOKEN = 65_536;

/** The header of a token: which key is needed. */
export function keyIdOf(token: string): string | null {
  const { kid } = partsOf(token).header;
  return typeof kid === "string" ? kid : null;
}

/** OpenID Connect Core 1.0, section 3.1.3.7. Throws a TokenRefused. */
export function verifyIdToken(token: string, keys: readonly JsonWebKey[], { issuer, clientId, nonce, now }: ExpectedToken): Claims {
  const { header, claims, signed, signature } = partsOf(token);
  const algorithm = Object.hasOwn(ALGORITHMS, String(header.alg)) ? ALGORITHMS[String(header.alg)] : undefined;
  if (algorithm === undefined) throw new TokenRefused(`the signature algorithm ${JSON.stringify(header.alg)} is not accepted`);
  const isSigned = candidates(keys, header).some((key) => isSignedBy(key, algorithm, signed, signature));
  if (!isSigned) throw new TokenRefused("its signature is by no key of the provider");
  if (claims.iss !== issuer) throw new TokenRefused("it is of another issuer");
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (!audiences.includes(clientId)) throw new TokenRefused("it is for another client");
  if ((audiences.length > 1 || claims.azp !== undefined) && claims.azp !== clientId) throw new TokenRefused("it was issued to another client");
  if (typeof claims.exp !== "number" || claims.exp * 1000 + SKEW_MS <= now) throw new TokenRefused("it has expired");
  if (typeof claims.iat !== "number" || claims.iat * 1000 - SKEW_MS > now) throw new TokenRefused("it is from the future");
  if (claims.nonce !== nonce) throw new TokenRefused("its nonce is of another login");
  if (typeof claims.sub !== "string" || claims.sub === "") throw new TokenRefused("it has no subject");
  return claims;
}

function candidates(keys: readonly JsonWebKey[], { kid }: Claims): readonly JsonWebKey[] {
  return keys.filter((key) => (key.use === undefined || key.use === "sig") && (kid === undefined || key.kid === kid));
}

function isSignedBy(jwk: JsonWebKey, { keyType, curve, hash, settings }: Algorithm, signed: Buffer, signature: Buffer): boolean {
  const key = publicKey(jwk);
  if (key === null || key.asymmetricKeyType !== keyType) return false;
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (curve === null ? modulusLength < LEAST_RSA_BITS : namedCurve !== curve) return false;
  return verify(hash, signed, { key, ...settings }, signature);
}

function publicKey(jwk: JsonWebKey): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return null;
  }
}

function partsOf(token: string): { header: Claims; claims: Claims; signed: Buffer; signature: Buffer } {
  const [header = "", payload = "", signature = "", ...more] = token.length > MOST_TOKEN ? [] : token.split(".");
  if (header === "" || signature === "" || more.length > 0) throw new TokenRefused("it is not a signed token");
  return {
    header: objectOf(header),
    claims: objectOf(payload),
    signed: Buffer.from(`${header}.${payload}`),
    signature: Buffer.from(signature, "base64url"),
  };
}

function objectOf(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Claims;
  } catch {
    // Said below.
  }
  throw new TokenRefused("it is not a signed token");
}
