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
  keeper.keep("abc");
  expect(keeper.mask("YWJj 616263")).toBe("YWJj 616263");
});
