import { constants, createHash, createPublicKey, publicEncrypt } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import { signEd25519 } from "./ed25519.js";

/** One way to log in. */
interface Plugin {
  /** An eavesdropper, or a server in the middle, learns the password. */
  readonly readable: boolean;
  /** The first packet of the login. */
  answer(password: Buffer, nonce: Buffer, isTls: boolean): Buffer;
}

const NUL = Buffer.from([0]);
/** sha256_password without TLS: the server's key is wanted first. */
const REQUEST_KEY = Buffer.from([1]);

const PLUGINS: Readonly<Record<string, Plugin>> = {
  mysql_native_password: { readable: false, answer: (password, nonce) => (password.length === 0 ? password : native(password, nonce)) },
  caching_sha2_password: { readable: false, answer: (password, nonce) => (password.length === 0 ? password : cachingSha2(password, nonce)) },
  sha256_password: { readable: true, answer: sha256 },
  // An empty packet asks for the salt.
  parsec: { readable: false, answer: () => Buffer.alloc(0) },
  client_ed25519: { readable: false, answer: signEd25519 },
  mysql_clear_password: { readable: true, answer: (password) => Buffer.concat([password, NUL]) },
};

/** Throws for a plugin that is not known, as one that asks its user questions. */
export function pluginNamed(name: string): Plugin {
  const plugin = Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : undefined;
  if (plugin === undefined)
    throw failureError("auth", "unsupported", `the server wants the login plugin ${JSON.stringify(name.slice(0, 100))}, which is not supported`);
  return plugin;
}

function native(password: Buffer, nonce: Buffer): Buffer {
  const once = hash("sha1", password);
  return xor(once, hash("sha1", nonce, hash("sha1", once)));
}

function cachingSha2(password: Buffer, nonce: Buffer): Buffer {
  const once = hash("sha256", password);
  return xor(once, hash("sha256", hash("sha256", once), nonce));
}

/** The whole password inside TLS; without TLS it follows, encrypted with the key that the server sends. */
function sha256(password: Buffer, _nonce: Buffer, isTls: boolean): Buffer {
  if (password.length === 0) return NUL;
  return isTls ? Buffer.concat([password, NUL]) : REQUEST_KEY;
}

const MAX_KEY_CHARACTERS = 16_384;

/** The password for a server that has only its hash and does not remember it, encrypted with the key that the server sent. */
export function encryptPassword(password: Buffer, nonce: Buffer, pem: string): Buffer {
  const covered = xor(Buffer.concat([password, NUL]), nonce);
  try {
    const key = createPublicKey(pem.slice(0, MAX_KEY_CHARACTERS));
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" }, covered);
  } catch {
    throw failureError("auth", "protocol_violation", "the server's public key is none, or too short for the password");
  }
}

function xor(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index % mask.length] as number)));
}

function hash(algorithm: "sha1" | "sha256", ...parts: readonly Buffer[]): Buffer {
  return createHash(algorithm).update(Buffer.concat(parts)).digest();
}
