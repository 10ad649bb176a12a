import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { selfSigned } from "../../../../runner/lab/self-signed.js";
import { CIPHER_SUITES } from "../../../../runner/net/tls-hello/cipher-suites.js";
import { clientHello, type Offer } from "../../../../runner/net/tls-hello/client-hello.js";
import { HelloError, ServerAnswerReader } from "../../../../runner/net/tls-hello/server-answer.js";
import { listen, serveTls } from "../../../../runner/net/transport/listen.js";

const MODERN: Offer = { version: "TLSv1.3", suites: [0x1301, 0x1302], groups: [29, 23], signatureSchemes: [0x0403, 0x0804], servername: "localhost" };
const OLDER: Offer = { ...MODERN, version: "TLSv1.2", suites: [0xc02b, 0xc02c], alpn: ["h2"] };

/** Every byte that OpenSSL answers to a hello until it waits for the next message. */
async function flight(offer: Offer): Promise<Buffer> {
  const server = await listen((socket) => void serveTls(socket, selfSigned({ names: ["localhost"] })).resume());
  const chunks: Buffer[] = [];
  const reader = new ServerAnswerReader();
  await new Promise<void>((resolve, reject) => {
    const socket = connect(server.port, server.host, () => socket.write(clientHello(offer)));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      if (reader.read(chunk)) socket.destroy();
    });
    socket.on("close", () => resolve()).on("error", reject);
  });
  await server.close();
  return Buffer.concat(chunks);
}

const flights = new Map([
  ["TLS 1.3", await flight(MODERN)],
  ["TLS 1.2", await flight(OLDER)],
  ["an alert", await flight({ ...OLDER, suites: [0x0005] })],
]);

describe("what a server says in the clear", () => {
  test("TLS 1.3 is asked again, and names its group; TLS 1.2 shows its certificate, group and scheme", () => {
    const [modern, older, alert] = [...flights.values()].map((bytes) => {
      const reader = new ServerAnswerReader();
      expect(reader.read(bytes)).toBe(true);
      return reader.answer;
    });
    expect(modern?.hello).toMatchObject({ version: 0x0304, suite: 0x1301, isRetryRequest: true });
    expect(modern?.hello?.extensions.get(51)).toEqual(Buffer.from([0, 29]));
    expect(older?.hello).toMatchObject({ version: 0x0303, suite: 0xc02b, isRetryRequest: false });
    expect(older?.keyExchange).toEqual({ group: 29, primeBits: null, signatureScheme: 0x0403 });
    expect(older?.certificates).toHaveLength(1);
    expect(alert).toMatchObject({ hello: null, alert: { level: 2, code: 40 }, isComplete: true });
  });

  test.each([...flights.keys()])("%s reads the same whole and byte by byte", (name) => {
    const bytes = flights.get(name) as Buffer;
    const whole = new ServerAnswerReader();
    whole.read(bytes);
    const pieces = new ServerAnswerReader();
    for (const byte of bytes) if (pieces.read(Buffer.of(byte))) break;
    expect(pieces.answer).toEqual(whole.answer);
  });

  test.each([...flights.keys()])("%s with any byte changed or cut gives an answer or a HelloError", (name) => {
    const bytes = flights.get(name) as Buffer;
    for (let index = 0; index < bytes.length; index += 1) {
      for (const damage of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[index] = (damaged[index] as number) ^ damage;
        try {
          new ServerAnswerReader().read(damaged.subarray(0, index % 7 === 0 ? index : undefined));
        } catch (error) {
          expect(error).toBeInstanceOf(HelloError);
        }
      }
    }
  });

  test.each([
    ["text", "HTTP/1.1 400 Bad Request", /not TLS/],
    ["SSLv2", Buffer.from([0x80, 0x2e, 1]), /not TLS/],
    ["a record that is too long", Buffer.from([22, 3, 3, 0xff, 0xff]), /65535 bytes/],
    ["application data first", Buffer.from([23, 3, 3, 0, 1, 0]), /before the server's hello/],
    ["a message without end", Buffer.from([22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff]), /16777215 bytes/],
    ["a certificate first", Buffer.from([22, 3, 3, 0, 7, 11, 0, 0, 3, 0, 0, 0]), /message 11 before/],
  ])("%s is refused", (_name, bytes, message) => {
    expect(() => new ServerAnswerReader().read(Buffer.from(bytes))).toThrow(message);
  });
});

describe("the names of suites", () => {
  // RFC 8446, B.4; RFC 5289; RFC 7905; RFC 5246, A.5.
  test.each([
    [0x1301, "TLS_AES_128_GCM_SHA256"],
    [0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    [0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
    [0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"],
    [0x0005, "TLS_RSA_WITH_RC4_128_SHA"],
    [0x0001, "TLS_RSA_WITH_NULL_MD5"],
  ])("0x%s", (suite, name) => {
    expect(CIPHER_SUITES[suite]).toBe(name);
  });
});
