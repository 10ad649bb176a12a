import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SmtpServer, startSmtpServer } from "../../../../runner/lab/smtp-server.js";
import { RawClient } from "../../../support/raw-client.js";

const ACCOUNT = { username: "tim,=@example.org", password: "tänstaaf" };
let server: SmtpServer;
let client: RawClient;

beforeEach(async () => {
  server = await startSmtpServer({ auth: ACCOUNT });
  client = await RawClient.open(server.port);
  await client.reply();
  await client.ask("EHLO x");
});
afterEach(async () => {
  client.close();
  await server.close();
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const challengeOf = (answer: string): string => Buffer.from(answer.replace(/^334 /, ""), "base64").toString();
const hmac = (algorithm: string, key: string | Buffer, text: string): Buffer => createHmac(algorithm, key).update(text).digest();

test("every mechanism is offered", async () => {
  expect(await client.ask("EHLO x")).toContain("AUTH SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN XOAUTH2");
});

test("MAIL requires a login, and a second login is refused", async () => {
  expect(await client.ask("MAIL FROM:<a@b>")).toMatch(/^530 5\.7\.0/);
  expect(await client.ask(`AUTH PLAIN ${base64(`\0${ACCOUNT.username}\0${ACCOUNT.password}`)}`)).toBe("235 2.7.0 logged in");
  expect(await client.ask("AUTH PLAIN")).toMatch(/^503 5\.5\.1/);
  expect(await client.ask("MAIL FROM:<a@b>")).toMatch(/^250/);
});

describe("PLAIN", () => {
  test.each([
    ["without identity", `\0${ACCOUNT.username}\0${ACCOUNT.password}`, "235 2.7.0"],
    ["with its own identity", `${ACCOUNT.username}\0${ACCOUNT.username}\0${ACCOUNT.password}`, "235 2.7.0"],
    ["with another identity", `root\0${ACCOUNT.username}\0${ACCOUNT.password}`, "535 5.7.8"],
    ["with another password", `\0${ACCOUNT.username}\0x`, "535 5.7.8"],
    ["with another user", `\0x\0${ACCOUNT.password}`, "535 5.7.8"],
    ["with two parts", `${ACCOUNT.username}\0${ACCOUNT.password}`, "501 5.5.2"],
  ])("%s", async (_, message, answer) => {
    expect((await client.ask(`AUTH PLAIN ${base64(message)}`)).slice(0, 9)).toBe(answer);
  });

  test("as the answer to an empty challenge", async () => {
    expect(await client.ask("auth plain")).toBe("334 ");
    expect(await client.ask(base64(`\0${ACCOUNT.username}\0${ACCOUNT.password}`))).toMatch(/^235/);
  });
});

test.each([
  ["AUTH", "501 5.5.4"],
  ["AUTH GSSAPI", "504 5.5.4"],
  ["AUTH PLAIN no*base64", "501 5.5.2"],
  ["AUTH PLAIN =", "501 5.5.2"],
  ["AUTH CRAM-MD5 AAAA", "501 5.7.0"],
])("%s", async (line, answer) => {
  expect((await client.ask(line)).slice(0, 9)).toBe(answer);
});

test("a star calls a login off", async () => {
  await client.ask("AUTH LOGIN");
  expect(await client.ask("*")).toBe("501 5.7.0 login called off");
  expect(await client.ask("NOOP")).toMatch(/^250/);
});

test("three failed logins end the connection", async () => {
  const wrong = `AUTH PLAIN ${base64("\0x\0y")}`;
  expect([await client.ask(wrong), await client.ask(wrong), await client.ask(wrong)].map((answer) => answer.slice(0, 3))).toEqual(["535", "535", "421"]);
  expect(await client.rest()).toBe("");
});

describe("LOGIN", () => {
  test.each([
    ["AUTH LOGIN", ACCOUNT.password, "235"],
    ["AUTH LOGIN", "wrong", "535"],
    [`AUTH LOGIN ${base64(ACCOUNT.username)}`, ACCOUNT.password, "235"],
  ])("%s with %s", async (line, password, answer) => {
    let challenge = await client.ask(line);
    if (challengeOf(challenge) === "Username:") challenge = await client.ask(base64(ACCOUNT.username));
    expect(challengeOf(challenge)).toBe("Password:");
    expect((await client.ask(base64(password))).slice(0, 3)).toBe(answer);
  });
});

test.each([
  [ACCOUNT.password, "235"],
  ["wrong", "535"],
])("CRAM-MD5 with %s", async (password, answer) => {
  const challenge = challengeOf(await client.ask("AUTH CRAM-MD5"));
  expect(challenge).toMatch(/^<[^@<>]+@[^@<>]+>$/);
  expect((await client.ask(base64(`${ACCOUNT.username} ${hmac("md5", password, challenge).toString("hex")}`))).slice(0, 3)).toBe(answer);
});

describe("XOAUTH2", () => {
  test("with the right token", async () => {
    expect(await client.ask(`AUTH XOAUTH2 ${base64(`user=${ACCOUNT.username}\x01auth=Bearer ${ACCOUNT.password}\x01\x01`)}`)).toMatch(/^235/);
  });

  test.each([`user=${ACCOUNT.username}\x01auth=Bearer x\x01\x01`, `user=${ACCOUNT.username}\x01auth=Bearer ${ACCOUNT.password}\x01`])(
    "with another message, %j",
    async (message) => {
      expect(JSON.parse(challengeOf(await client.ask(`AUTH XOAUTH2 ${base64(message)}`)))).toMatchObject({ status: "401", schemes: "bearer" });
      expect(await client.ask("")).toMatch(/^535/);
    },
  );
});

describe("SCRAM-SHA-256", () => {
  interface Talk {
    username?: string;
    password?: string;
    header?: string;
    binding?: string;
    nonceSuffix?: string;
  }

  /** The client's side, after RFC 5802, section 3, word for word. Gives the server's last answer and whether its proof held. */
  async function scram({
    username = "tim=2C=3D@example.org",
    password = ACCOUNT.password,
    header = "n,,",
    binding = header,
    nonceSuffix = "",
  }: Talk = {}): Promise<[string, boolean]> {
    const bare = `n=${username},r=fyko+d2lbbFgONRv9qkxdawL`;
    const first = await client.ask(`AUTH SCRAM-SHA-256 ${base64(header + bare)}`);
    if (!first.startsWith("334")) return [first, false];
    const serverFirst = challengeOf(first);
    const [, nonce = "", salt = "", iterations = ""] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
    expect(nonce.startsWith("fyko+d2lbbFgONRv9qkxdawL")).toBe(true);
    const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), Number(iterations), 32, "sha256");
    const clientKey = hmac("sha256", salted, "Client Key");
    const storedKey = createHash("sha256").update(clientKey).digest();
    const withoutProof = `c=${base64(binding)},r=${nonce}${nonceSuffix}`;
    const message = `${bare},${serverFirst},${withoutProof}`;
    const signature = hmac("sha256", storedKey, message);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number))).toString("base64");
    const last = await client.ask(base64(`${withoutProof},p=${proof}`));
    if (!last.startsWith("334")) return [last, false];
    const serverSignature = hmac("sha256", hmac("sha256", salted, "Server Key"), message).toString("base64");
    return [await client.ask(""), challengeOf(last) === `v=${serverSignature}`];
  }

  test.each<[string, Talk, string, boolean]>([
    ["with the right password", {}, "235", true],
    ["with a client that could bind channels", { header: "y,," }, "235", true],
    ["with its own identity", { header: "n,a=tim=2C=3D@example.org," }, "235", true],
    ["with another identity", { header: "n,a=root," }, "535", false],
    ["with another password", { password: "x" }, "535", false],
    ["with another user", { username: "x" }, "535", false],
    ["with a name that escapes badly", { username: "tim=2X" }, "501", false],
    ["with channel binding", { header: "p=tls-unique,," }, "501", false],
    ["with a binding of another header", { binding: "y,," }, "501", false],
    ["with another nonce", { nonceSuffix: "x" }, "501", false],
  ])("%s", async (_, talk, answer, proven) => {
    const [last, serverProven] = await scram(talk);
    expect([last.slice(0, 3), serverProven]).toEqual([answer, proven]);
  });
});

test("if TLS is offered, a login requires it", async () => {
  const secure = await startSmtpServer({ auth: ACCOUNT, tls: "starttls" });
  const other = await RawClient.open(secure.port);
  await other.reply();
  expect(await other.ask("EHLO x")).not.toContain("AUTH");
  expect(await other.ask("AUTH PLAIN AAAA")).toMatch(/^530 5\.7\.0/);
  expect(await other.ask("MAIL FROM:<a@b>")).toBe("530 5.7.0 say STARTTLS first");
  await other.ask("STARTTLS");
  await other.startTls();
  expect(await other.ask("EHLO x")).toContain("AUTH");
  expect(await other.ask(`AUTH PLAIN ${base64(`\0${ACCOUNT.username}\0${ACCOUNT.password}`)}`)).toMatch(/^235/);
  other.close();
  await secure.close();
});
