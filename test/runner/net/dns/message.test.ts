import { AUTHENTIC_DATA, decode, encode, type Packet, RECURSION_AVAILABLE, streamDecode, TRUNCATED_RESPONSE } from "dns-packet";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildQuery, type Question, type Reply, readReply } from "../../../../runner/net/dns/message.js";
import { framed } from "../../../../runner/net/dns/tcp-framing.js";
import { processorMs } from "../../../support/processor-ms.js";

const QUESTION: Question = { name: "mail.example.org", type: "MX" };
const query = buildQuery(QUESTION);

function reply(changes: Packet = {}): Buffer {
  return encode({
    type: "response",
    id: query.id,
    flags: RECURSION_AVAILABLE,
    questions: [{ ...QUESTION, class: "IN" }],
    answers: [{ type: "MX", name: QUESTION.name, ttl: 300, data: { preference: 10, exchange: "mx.example.org" } }],
    ...changes,
  });
}

const read = (message: Buffer): Reply => readReply(message, query) as Reply;

describe("a query", () => {
  test("has one question, with RD, AD and an EDNS size of 1232 bytes", () => {
    const packet = decode(query.bytes);
    expect(packet).toMatchObject({
      id: query.id,
      flag_qr: false,
      flag_rd: true,
      flag_ad: true,
      questions: [{ name: "mail.example.org", type: "MX", class: "IN" }],
    });
    expect(packet.additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1232 }]);
    expect(decode(buildQuery(QUESTION, { edns: false }).bytes).additionals).toEqual([]);
  });

  test("has the DO bit if signatures are requested (RFC 3225)", () => {
    expect(decode(buildQuery({ ...QUESTION, dnssec: true }).bytes).additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1232, flag_do: true }]);
    expect(decode(query.bytes).additionals).toMatchObject([{ flag_do: false }]);
  });

  test("has an unpredictable id", () => {
    const ids = Array.from({ length: 200 }, () => buildQuery(QUESTION).id);
    expect(new Set(ids).size).toBeGreaterThan(190);
    expect(Math.max(...ids)).toBeGreaterThan(0x8000);
  });

  test("is framed for TCP by its length", () => {
    expect(streamDecode(framed(query.bytes)).id).toBe(query.id);
  });
});

describe("a reply", () => {
  test("is read with its code, its flags and its records", () => {
    expect(read(reply())).toMatchObject({
      rcode: 0,
      truncated: false,
      authenticated: false,
      recursionAvailable: true,
      answers: [{ type: "MX", ttl: 300 }],
      authorities: [],
    });
    expect(read(reply({ flags: AUTHENTIC_DATA | 3 }))).toMatchObject({ rcode: 3, authenticated: true, recursionAvailable: false });
  });

  test("may repeat the question in another case", () => {
    expect(read(reply({ questions: [{ name: "MAIL.Example.ORG", type: "MX" }] }))).toMatchObject({ rcode: 0 });
  });

  test("has the upper bits of its code in the OPT record", () => {
    const additionals: Packet["additionals"] = [
      { type: "OPT", name: ".", udpPayloadSize: 1232, extendedRcode: 1, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
    ];
    expect(read(reply({ additionals })).rcode).toBe(16);
  });

  test("that is truncated at any byte is not parsed", () => {
    const whole = reply({ flags: TRUNCATED_RESPONSE });
    expect(readReply(whole.subarray(0, whole.length - 5), query)).toMatchObject({ truncated: true, answers: [] });
  });

  test("without a question is accepted if it reports a format error", () => {
    const header = (rcode: number): Buffer => encode({ type: "response", id: query.id, flags: rcode });
    expect(readReply(header(1), query)).toMatchObject({ rcode: 1 });
    expect(readReply(header(4), query)).toMatchObject({ rcode: 4 });
    expect(readReply(header(0), query)).toBe("foreign");
    expect(readReply(header(3), query)).toBe("foreign");
  });
});

describe("a datagram that is no reply to the query is ignored", () => {
  test.each<[string, Buffer]>([
    ["another id", reply({ id: (query.id + 1) % 0x1_0000 })],
    ["a query", encode({ type: "query", id: query.id, questions: [{ ...QUESTION }] })],
    ["another name", reply({ questions: [{ name: "mail.example.com", type: "MX" }] })],
    ["a longer name", reply({ questions: [{ name: "mail.example.orgs", type: "MX" }] })],
    ["another type", reply({ questions: [{ name: QUESTION.name, type: "A" }] })],
    ["another class", reply({ questions: [{ name: QUESTION.name, type: "MX", class: "CH" }] })],
    ["two questions", reply({ questions: [{ ...QUESTION }, { ...QUESTION }] })],
    ["nothing", Buffer.alloc(0)],
    ["half a header", reply().subarray(0, 7)],
    ["a header that announces a question", reply().subarray(0, 12)],
    ["text", Buffer.from("220 mx.example.org ESMTP\r\n")],
  ])("%s", (_what, message) => {
    expect(readReply(message, query)).toBe("foreign");
  });
});

describe("a reply that cannot be parsed", () => {
  const rdata = reply().length - 2;

  test.each<[string, (message: Buffer) => Buffer]>([
    ["ends in the middle of a record", (message) => message.subarray(0, message.length - 3)],
    ["counts more records than there are", (message) => changed(message, 7, 200)],
    ["counts more records than anybody needs", (message) => changed(message, 6, 0xff)],
    ["has a name that points to itself", (message) => Buffer.concat([message.subarray(0, rdata), Buffer.from([0xc0, rdata])])],
    ["has a record that is shorter than its length", (message) => changed(message, message.length - 20, 255)],
  ])("%s", (_what, edit) => {
    expect(readReply(edit(reply()), query)).toBe("unreadable");
  });

  test("has an A record that is longer than an address", () => {
    const asked = buildQuery({ name: "a.example", type: "A" });
    const message = encode({
      type: "response",
      id: asked.id,
      questions: [{ name: "a.example", type: "A" }],
      answers: [{ type: "A", name: "a.example", data: "192.0.2.1" }],
    });
    const longer = Buffer.concat([changed(message, message.length - 5, 5), Buffer.from([0])]);
    expect(readReply(message, asked)).toMatchObject({ answers: [{ data: "192.0.2.1" }] });
    expect(readReply(longer, asked)).toBe("unreadable");
  });
});

describe("random bytes", () => {
  test("are a reply, unreadable or foreign, without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const outcome = readReply(Buffer.from(bytes), query);
        if (typeof outcome === "object") expect(outcome.answers).toBeInstanceOf(Array);
      }),
    );
  });

  test("after a valid header and question cause no exception", () => {
    const question = query.bytes.subarray(12, 12 + QUESTION.name.length + 2 + 4);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }), (bytes, answers, authorities) => {
        const header = Buffer.alloc(12);
        header.writeUInt16BE(query.id);
        header.writeUInt8(0x80, 2);
        header.writeUInt16BE(1, 4);
        header.writeUInt16BE(answers, 6);
        header.writeUInt16BE(authorities, 8);
        const outcome = readReply(Buffer.concat([header, question, Buffer.from(bytes)]), query);
        expect(outcome).not.toBe("foreign");
        if (answers + authorities === 0) expect(outcome).toMatchObject({ answers: [] });
      }),
      { numRuns: 500 },
    );
  });

  test("one changed bit in the id or the question makes a reply foreign", () => {
    const message = reply();
    const nameBytes = QUESTION.name.length + 2;
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 12, max: 12 + nameBytes + 3 })), fc.integer({ min: 0, max: 7 }), (offset, bit) => {
        const value = (message[offset] as number) ^ (1 << bit);
        const isOtherCase =
          offset >= 12 && bit === 5 && /[A-Z]/.test(String.fromCharCode(value)) && /[a-z]/.test(String.fromCharCode(message[offset] as number));
        const outcome = readReply(changed(message, offset, value), query);
        if (isOtherCase) expect(outcome).not.toBe("foreign");
        else expect(outcome).toBe("foreign");
      }),
      { numRuns: 500 },
    );
  });

  test("a message with long chains of name pointers is parsed quickly", () => {
    const question = query.bytes.subarray(12, 12 + QUESTION.name.length + 2 + 4);
    const start = 12 + question.length;
    // In the middle of the message's only real record, 8000 pointers, each to the one before it.
    const chain = Buffer.alloc(16_000);
    for (let at = 2; at < chain.length; at += 2) chain.writeUInt16BE(0xc000 + start + 11 + at - 2, at);
    const holder = Buffer.from([0, 0, 16, 0, 1, 0, 0, 0, 0, chain.length >> 8, chain.length & 0xff]);
    const record = Buffer.from([0xc0 + ((start + 11 + chain.length - 2) >> 8), (start + 11 + chain.length - 2) & 0xff, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]);
    const header = Buffer.alloc(12);
    header.writeUInt16BE(query.id);
    header.writeUInt8(0x80, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(1000, 6);
    const message = Buffer.concat([header, question, holder, chain, ...Array.from({ length: 999 }, () => record)]);
    expect(processorMs(() => expect(readReply(message, query)).not.toBe("foreign"))).toBeLessThan(1000);
  });
});

function changed(message: Buffer, offset: number, value: number): Buffer {
  const copy = Buffer.from(message);
  copy[offset] = value;
  return copy;
}
