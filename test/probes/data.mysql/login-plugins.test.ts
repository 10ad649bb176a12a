import { constants, createPublicKey, generateKeyPairSync, pbkdf2Sync, privateDecrypt, verify } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.mysql/schema.js";
import { run } from "../../../runner/harness/run.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { MysqlDecoder } from "../../../runner/net/mysql/packet.js";
import { type AcceptedSocket, listen, serveTls } from "../../../runner/net/transport/listen.js";
import { sendInWay, WAYS, type Way } from "../../support/byte-ways.js";
import { mysqlError as error, mysqlGreeting as greeting, MYSQL_NONCE as NONCE, MYSQL_OK as OK, mysqlPacket as packet } from "../../support/mysql-packets.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const auth = { username: "ann", password: "correct-horse" };
const COVERED = { ...auth, allow_plaintext: true };
const PING = 0x0e;

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("data.mysql", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 4000, auth, ...input } as never)).output as Output;
}

/** What a server answers to the packets of a login, one after the other; a number is the reply to each later command. */
type Login = (step: number, body: Buffer) => string | null;

/** A header of 4 bytes, and the first part of the client's login. */
const SSL_REQUEST_BYTES = 36;
const TLS_GREETING = "\x01\x8a";

/** A server that begins as MySQL does and then answers as `login` says; once that gives OK, the session is open. */
async function serve(login: Login, way: Way, { plugin = "mysql_native_password", isTls = false } = {}): Promise<number> {
  const certificate = selfSigned({ names: ["127.0.0.1"] });
  const server = await listen((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    void sendInWay(socket, greeting(plugin, TLS_GREETING), isTls ? "whole" : way);
    if (isTls)
      socket.once("data", (request: Buffer) => {
        // The client does not wait before it begins with TLS.
        socket.pause();
        socket.unshift(request.subarray(SSL_REQUEST_BYTES));
        converse(serveTls(socket, certificate), login, way);
      });
    else converse(socket, login, way);
  });
  open.push(server);
  return server.port;
}

function converse(socket: AcceptedSocket, login: Login, way: Way): void {
  const decoder = new MysqlDecoder();
  let [step, isOpen] = [0, false];
  const take = (number: number, body: Buffer): void => {
    const answer = isOpen ? (body[0] === PING ? OK : error(1227)) : login(step++, body);
    isOpen ||= answer === OK;
    if (answer === null) socket.destroy();
    else void sendInWay(socket, packet(number + 1, answer), way);
  };
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    // Our decoder takes no empty packet, with which a client asks for the salt of PARSEC.
    if (bytes.length === 4 && bytes.readUIntLE(0, 3) === 0) {
      take(bytes[3] as number, Buffer.alloc(0));
      return;
    }
    decoder.push(bytes);
    for (let found = decoder.next(); found !== null; found = decoder.next()) take(found.number, found.body);
  });
}

/** As MySQL's documents describe it. */
describe("sha256_password", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const change = `\xfesha256_password\0${NONCE}\0`;
  /** The client asks for the key with one byte, 1, and sends the password with its NUL, covered by the nonce, encrypted. */
  const withKey =
    (passwords: string[]): Login =>
    (step, body) => {
      if (step === 0) return change;
      if (step === 1) return body.equals(Buffer.from([1])) ? `\x01${publicKey}` : null;
      const covered = privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" }, body);
      passwords.push(Buffer.from(covered.map((byte, index) => byte ^ NONCE.charCodeAt(index % NONCE.length))).toString());
      return passwords.at(-1) === `${auth.password}\0` ? OK : error(1045);
    };

  test.each(WAYS)("without TLS: encrypted with the server's key, if that is allowed (%s)", async (way) => {
    const passwords: string[] = [];
    const port = await serve(withKey(passwords), way);
    const output = await ask(port, { auth: COVERED });
    expect(output).toMatchObject({ status: "ok", auth: { method: "sha256_password", accepted: true } });
    expect(passwords).toEqual([`${auth.password}\0`]);
    expect(JSON.stringify(output)).not.toContain(auth.password);
    expect(await ask(port)).toMatchObject({ failure: { phase: "auth", code: "not_permitted" }, auth: { accepted: false } });
    expect(passwords).toHaveLength(1);
    expect(await ask(port, { auth: { ...COVERED, password: "wrong-password" } })).toMatchObject({ failure: { phase: "auth", code: "reply_rejected" } });
  });

  test.each(WAYS)("inside TLS: the password itself (%s)", async (way) => {
    const seen: string[] = [];
    const login: Login = (step, body) => {
      if (step === 0) return change;
      seen.push(body.toString());
      return body.toString() === `${auth.password}\0` ? OK : error(1045);
    };
    const port = await serve(login, way, { isTls: true });
    const output = await ask(port, { tls: { mode: "starttls", verify: "ignore" } });
    expect(output).toMatchObject({ status: "ok", tls: { version: "TLSv1.3" }, auth: { method: "sha256_password", accepted: true } });
    expect(seen).toEqual([`${auth.password}\0`]);
    expect(JSON.stringify(output)).not.toContain(auth.password);
  });

  test("as the plugin of the greeting, nothing of the password is sent before the server chooses it", async () => {
    const first: Buffer[] = [];
    const login: Login = (step, body) => {
      if (step === 0) first.push(body);
      return withKey([])(step, body);
    };
    expect(await ask(await serve(login, "whole", { plugin: "sha256_password" }), { auth: COVERED })).toMatchObject({ auth: { accepted: true } });
    expect(first[0]?.subarray(32).toString()).toBe("ann\0\0mysql_native_password\0");
  });

  test("an empty password is one NUL", async () => {
    const seen: Buffer[] = [];
    const login: Login = (step, body) => {
      if (step === 0) return change;
      seen.push(body);
      return OK;
    };
    expect(await ask(await serve(login, "whole"), { auth: { username: "ann", allow_plaintext: true } })).toMatchObject({ auth: { accepted: true } });
    expect(seen).toEqual([Buffer.from([0])]);
  });

  test.each<[what: string, answers: string[]]>([
    ["a key that is none", [change, "\x01no key"]],
    ["a key twice", [change, `\x01${publicKey}`, `\x01${publicKey}`]],
    ["no nonce", ["\xfesha256_password\0"]],
  ])("%s", async (_, answers) => {
    const login: Login = (step) => answers[step] ?? null;
    for (const way of WAYS)
      expect((await ask(await serve(login, way), { auth: COVERED })).failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });
});

/** MariaDB 11.6, as its documents describe it: the server stores the public key of what PBKDF2 makes of the password and the salt. */
describe("PARSEC", () => {
  const SALT = Buffer.from("eighteen bytes ...");
  /** The last byte may be 0: it belongs to the nonce. */
  const SERVER_NONCE = Buffer.concat([Buffer.from("0123456789abcdef0123456789abcde"), Buffer.from([0])]);
  const change = `\xfeparsec\0${SERVER_NONCE.toString("latin1")}`;
  const extendedSalt = (power = 0): string => `P${String.fromCharCode(power)}${SALT.toString("latin1")}`;

  const isRight = (body: Buffer, power: number): boolean => {
    const seed = pbkdf2Sync(auth.password, SALT, 1024 << power, 32, "sha512");
    const key = createPublicKey({ key: privateKeyOf(seed), format: "der", type: "pkcs8" } as never);
    return body.length === 96 && verify(null, Buffer.concat([SERVER_NONCE, body.subarray(0, 32)]), key, body.subarray(32));
  };

  const server =
    (power: number, bodies: Buffer[] = []): Login =>
    (step, body) => {
      bodies.push(body);
      if (step === 0) return change;
      if (step === 1) return body.length === 0 ? extendedSalt(power) : null;
      return isRight(body, power) ? OK : error(1045);
    };

  test.each(WAYS)("a signature of both nonces (%s)", async (way) => {
    const bodies: Buffer[] = [];
    const port = await serve(server(0, bodies), way);
    const output = await ask(port);
    expect(output).toMatchObject({ status: "ok", auth: { method: "parsec", accepted: true } });
    expect(JSON.stringify(output)).not.toContain(auth.password);
    expect(await ask(port)).toMatchObject({ status: "ok" });
    const [first, second] = bodies.filter(({ length }) => length === 96);
    // Each login has a nonce of its own.
    expect(first?.subarray(0, 32).equals(second?.subarray(0, 32) as Buffer)).toBe(false);
    expect(await ask(port, { auth: { ...auth, password: "wrong-password" } })).toMatchObject({ failure: { phase: "auth", code: "reply_rejected" } });
  });

  test("more iterations", async () => {
    expect(await ask(await serve(server(4), "whole"))).toMatchObject({ status: "ok", auth: { accepted: true } });
  });

  test.each<[what: string, answers: string[], code: string]>([
    ["a salt of another derivation", [change, "\x01Q\0salt"], "protocol_violation"],
    ["no salt", [change, "P\0"], "protocol_violation"],
    ["iterations that take seconds", [change, extendedSalt(40)], "limit_exceeded"],
    ["a salt twice", [change, extendedSalt(), extendedSalt()], "protocol_violation"],
    ["a salt that was not asked for", [extendedSalt()], "protocol_violation"],
    ["no nonce", ["\xfeparsec\0"], "protocol_violation"],
  ])("%s", async (_, answers, code) => {
    const login: Login = (step) => answers[step] ?? null;
    for (const way of WAYS) expect((await ask(await serve(login, way))).failure).toMatchObject({ phase: "auth", code });
  });
});

/** PKCS #8 of an Ed25519 key (RFC 8410, section 7). */
function privateKeyOf(seed: Buffer): Buffer {
  return Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
}
