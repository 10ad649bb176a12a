import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cramMd5 } from "../../../../runner/net/sasl/cram-md5.js";
import { decodeChallenge } from "../../../../runner/net/sasl/exchange.js";
import { login } from "../../../../runner/net/sasl/login.js";
import { plain } from "../../../../runner/net/sasl/plain.js";
import { saslPrep } from "../../../../runner/net/sasl/saslprep.js";
import { parseServerFinal, parseServerFirst } from "../../../../runner/net/sasl/scram-message.js";
import { scramSha256 } from "../../../../runner/net/sasl/scram-sha-256.js";
import { xoauth2 } from "../../../../runner/net/sasl/xoauth2.js";
import { FailureError } from "../../../../runner/run/failure-error.js";

function failureOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    if (error instanceof FailureError) return error.failure.code;
    throw error;
  }
}

describe("PLAIN", () => {
  test("RFC 4616, section 4: no authorization identity", () => {
    expect(plain("tim", "tanstaaftanstaaf").initial).toEqual({ text: "\0tim\0tanstaaftanstaaf", secret: true });
  });

  test("refuses values with NUL", () => {
    expect(failureOf(() => plain("tim", "a\0b"))).toBe("not_permitted");
  });
});

describe("LOGIN", () => {
  test("answers by order, with any prompts", () => {
    const exchange = login("tim", "secret");
    expect(exchange.initial).toBeNull();
    expect(exchange.respond(Buffer.from("Benutzer?"))).toEqual({ text: "tim", secret: false });
    expect(exchange.respond(Buffer.from(""))).toEqual({ text: "secret", secret: true });
    expect(failureOf(() => exchange.respond(Buffer.from("Once more:")))).toBe("protocol_violation");
  });
});

describe("CRAM-MD5", () => {
  test("RFC 2195, section 2: the standard's own example", async () => {
    const exchange = cramMd5("tim", "tanstaaftanstaaf");
    const response = await exchange.respond(Buffer.from("<1896.697170952@postoffice.reston.mci.net>"));
    expect(response.text).toBe("tim b913a602c7eda7a495b4e6e7334d3890");
    expect(failureOf(() => exchange.respond(Buffer.from("<2@x>")))).toBe("protocol_violation");
  });

  test("an empty challenge would make the digest a constant", () => {
    expect(failureOf(() => cramMd5("tim", "x").respond(Buffer.alloc(0)))).toBe("protocol_violation");
  });
});

describe("XOAUTH2", () => {
  test("sends the token, and reads a challenge as the reason of a refusal", async () => {
    const exchange = xoauth2("someuser@example.com", "ya29.token");
    expect(exchange.initial?.text).toBe("user=someuser@example.com\x01auth=Bearer ya29.token\x01\x01");
    expect(await exchange.respond(Buffer.from('{"status":"401"}'))).toEqual({ text: "", secret: false });
    expect(exchange.serverError()).toBe('{"status":"401"}');
    expect(exchange.doubt()).not.toBeNull();
  });
});

describe("SCRAM-SHA-256", () => {
  const SERVER_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  const SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
  const example = () => scramSha256("user", "pencil", "rOprNGfwEbeRWgbNEkqO");

  test("RFC 7677, section 3: the standard's own example", async () => {
    const exchange = example();
    expect(exchange.initial?.text).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    const response = await exchange.respond(Buffer.from(SERVER_FIRST));
    expect(response.text).toBe("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    expect(exchange.doubt()).not.toBeNull();
    expect(await exchange.respond(Buffer.from(SERVER_FINAL))).toEqual({ text: "", secret: false });
    expect(exchange.doubt()).toBeNull();
  });

  test("a server with a wrong signature is refused", async () => {
    const exchange = example();
    await exchange.respond(Buffer.from(SERVER_FIRST));
    expect(failureOf(() => exchange.respond(Buffer.from("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")))).toBe("protocol_violation");
    expect(exchange.doubt()).not.toBeNull();
  });

  test("a refusal in the last message is reported", async () => {
    const exchange = example();
    await exchange.respond(Buffer.from(SERVER_FIRST));
    await exchange.respond(Buffer.from("e=invalid-proof"));
    expect(exchange.serverError()).toBe("invalid-proof");
    expect(exchange.doubt()).not.toBeNull();
  });

  test("every login has a new nonce", () => {
    expect(scramSha256("user", "pencil").initial?.text).not.toBe(scramSha256("user", "pencil").initial?.text);
  });

  test("commas and equals signs of a name are escaped", () => {
    expect(scramSha256("a=b,c", "pencil", "n").initial?.text).toBe("n,,n=a=3Db=2Cc,r=n");
  });

  const refused: [string, string][] = [
    ["r=other,s=QQ==,i=4096", "protocol_violation"],
    ["r=nonce,s=QQ==,i=4096", "protocol_violation"],
    ["r=nonce+1,s=!,i=4096", "protocol_violation"],
    ["r=nonce+1,s=,i=4096", "protocol_violation"],
    ["r=nonce+1,s=QQ==,i=0", "protocol_violation"],
    ["r=nonce+1,s=QQ==,i=-1", "protocol_violation"],
    ["r=nonce+1,s=QQ==,i=1e9", "protocol_violation"],
    ["r=nonce+1,s=QQ==", "protocol_violation"],
    ["s=QQ==,r=nonce+1,i=4096", "protocol_violation"],
    ["r=nonce+1,s=QQ==,i=1", "not_permitted"],
    ["r=nonce+1,s=QQ==,i=4095", "not_permitted"],
    ["r=nonce+1,s=QQ==,i=1000001", "limit_exceeded"],
    ["m=extension,r=nonce+1,s=QQ==,i=4096", "unsupported"],
    ["", "protocol_violation"],
  ];
  test.each(refused)("the first message %j is refused", (message, code) => {
    expect(failureOf(() => parseServerFirst(message, "nonce"))).toBe(code);
  });

  test("any message is read or refused with a failure", () => {
    const part = fc.oneof(fc.string(), fc.constantFrom("r=nonce+1", "s=QQ==", "i=4096", "m=x", "v=QQ==", "e=other-error"));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const first = failureOf(() => parseServerFirst(parts.join(","), "nonce"));
        if (typeof first === "object") expect(first).toMatchObject({ nonce: expect.stringMatching(/^nonce./), iterations: expect.any(Number) });
        else expect(["protocol_violation", "limit_exceeded", "unsupported"]).toContain(first);
        const final = failureOf(() => parseServerFinal(parts.join(",")));
        if (typeof final !== "object") expect(final).toBe("protocol_violation");
      }),
    );
  });
});

describe("SASLprep", () => {
  // RFC 4013, section 3.
  const examples: [string, string | null][] = [
    ["I\u00adX", "IX"],
    ["user", "user"],
    ["USER", "USER"],
    ["\u00aa", "a"],
    ["\u2168", "IX"],
    ["\u0007", null],
    ["a\u00a0b", "a b"],
    ["\u00ad", null],
    ["\ud800", null],
  ];
  test.each(examples)("%j becomes %j", (given, prepared) => expect(saslPrep(given)).toBe(prepared));
});

describe("a challenge", () => {
  test("every base64 text is decoded to its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeChallenge(Buffer.from(bytes).toString("base64"))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("other texts are refused", () => {
    const nearly = fc.array(fc.constantFrom("A", "Q", "=", "+", "/", "-", "_", "\0", "é", "\n")).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string()), (text) => {
        const decoded = decodeChallenge(text);
        // The bits that a padded group leaves over may be anything.
        if (decoded !== null) expect(decoded.toString("base64")).toHaveLength(text.trim().length);
        else expect(Buffer.from(text, "base64").toString("base64")).not.toBe(text);
      }),
    );
  });
});
