import { describe, expect, test } from "vitest";
import { SecretKeeper } from "../../../runner/run/secret-keeper.js";

const SECRET = 'correct "horse" é/+';

function masked(text: string): string {
  const keeper = new SecretKeeper();
  keeper.keep(SECRET);
  return keeper.mask(text);
}

describe("a secret is masked in every form that a server may send back", () => {
  test.each([
    ["base64", Buffer.from(SECRET).toString("base64")],
    ["hex", Buffer.from(SECRET).toString("hex")],
    ["hex in capitals", Buffer.from(SECRET).toString("hex").toUpperCase()],
    ["percent", encodeURIComponent(SECRET)],
    ["JSON", JSON.stringify(SECRET).slice(1, -1)],
  ])("%s", (_form, text) => {
    expect(masked(`535 ${text} no`)).toBe("535 [secret] no");
  });

  test.each(["u", "us", "use", "user", "someone@example.org"])("base64 with the user %s before it, and cut or continued after it", (user) => {
    const plain = Buffer.from(`\0${user}\0${SECRET}`);
    const inside = Buffer.from(SECRET).toString("base64").slice(0, 8);
    for (const text of [plain.toString("base64"), Buffer.concat([plain, Buffer.from("and more")]).toString("base64")]) {
      expect(masked(text)).toContain("[secret]");
      expect(Buffer.from(masked(text).replace("[secret]", ""), "base64").toString("latin1")).not.toContain("horse");
      expect(masked(text)).not.toContain(inside);
    }
  });
});

test("what only looks like a part of it stays", () => {
  const keeper = new SecretKeeper();
  keeper.keep("word");
  expect(keeper.mask("wor worD 776f7265")).toBe("wor worD 776f7265");
});

describe("base64 that a server cut", () => {
  const keeper = new SecretKeeper();
  keeper.keep("correct horse battery");
  keeper.keep(Buffer.from("\0ann\0correct horse battery").toString("base64"));
  const whole = Buffer.from("\0ann\0correct horse battery").toString("base64");

  test.each([10, 14, 17, 23, whole.length - 1])("after %i characters", (length) => {
    expect(keeper.mask(`501 bad response: ${whole.slice(0, length)}`)).toBe("501 bad response: [secret]");
    expect(keeper.mask(`501 ${whole.slice(0, length)}... is too long`)).toBe("501 [secret]... is too long");
  });

  test.each([3, 9, 18])("at its begin, by %i characters", (cut) => {
    expect(keeper.mask(`>${whole.slice(cut)}<`)).toBe(">[secret]<");
  });

  test("other base64 stays", () => {
    const other = Buffer.from("a text of its own, with nothing to hide in it").toString("base64");
    expect(keeper.mask(other)).toBe(other);
  });

  test("in linear time", () => {
    const began = performance.now();
    keeper.mask(whole.slice(0, 9).repeat(100_000));
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("a secret of fewer than four characters", () => {
  const keeper = new SecretKeeper();
  keeper.keep("ok");
  keeper.keep("4");

  test("is masked only if it stands alone", () => {
    const output = {
      status: "ok",
      failure: null,
      said: "ok",
      operations: [{ name: "token", message: "it is ok, 4 of 4", code: 454 }],
      at: "2026-11-29T04:44:44.400000Z",
    };
    const masked = keeper.maskAll(output, { properties: { status: { enum: ["ok"] } } });
    expect(masked).toEqual({ ...output, said: "[secret]" });
  });

  test("is masked as a word of a conversation", () => {
    expect(keeper.maskLine('a1 LOGIN ann "ok"\r\n')).toBe('a1 LOGIN ann "[secret]"\r\n');
    expect(keeper.maskLine("PASS ok")).toBe("PASS [secret]");
    expect(keeper.maskLine("lookup token 454")).toBe("lookup token 454");
  });
});

describe("a secret of digits only", () => {
  const keeper = new SecretKeeper();
  keeper.keep("2026");
  keeper.keep("1129");

  test.each([
    "2026-11-29T11:29:20.202600Z",
    "expires on 2026-11-29",
    "Sun, 29 Nov 2026 02:20:26 +0000",
    "<1764382026120.20261129@mx.example.org>",
    "12026 octets",
  ])("leaves dates and longer numbers as they are: %s", (text) => {
    expect(keeper.maskAll({ text })).toEqual({ text });
  });

  test.each([
    ["the password 2026 is wrong", "the password [secret] is wrong"],
    ["2026", "[secret]"],
    ["on 2026-11-29: ann:2026", "on 2026-11-29: ann:[secret]"],
    ["pass2026word", "pass[secret]word"],
  ])("is masked elsewhere: %s", (text, masked) => {
    expect(keeper.mask(text)).toBe(masked);
  });
});
