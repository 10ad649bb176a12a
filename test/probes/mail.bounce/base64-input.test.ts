import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const schema = JSON.parse(readFileSync("schemas/json/mail.bounce/1.0.0/input.json", "utf8")) as { properties: { message_base64: { pattern: string } } };
const pattern = new RegExp(schema.properties.message_base64.pattern);

test.each([
  ["YQ==", true],
  ["YW\r\nI=\r\n", true],
  ["YWJj\n", true],
  ["YQ=a", false],
  ["YQ===", false],
  ["", false],
])("%j as a message in base64: %s", (text, isTaken) => {
  expect(pattern.test(text)).toBe(isTaken);
});

test("a million blanks before a character that is not allowed are refused in linear time", () => {
  // Quadratic, this would take the better part of an hour.
  expect(pattern.test(`${" ".repeat(1_000_000)}!`)).toBe(false);
});
