import { expect, test } from "vitest";
import { mayBeAnywhere } from "../../../../runner/net/http/redirect.js";

test.each([
  ["http://inner.example/", "http://inner.example:8080/next", "10.1.2.3", true],
  ["http://inner.example/", "http://INNER.example/next", null, true],
  ["http://inner.example/", "http://other.example/", "10.1.2.3", false],
  // Its second look-up may have another answer.
  ["http://public.example/", "http://public.example:6379/", "8.8.8.8", false],
  ["http://public.example/", "http://public.example/next", "2606:4700::1", false],
])("from %s, a redirect to %s may lead anywhere, once %s was reached: %s", (first, next, reached, expected) => {
  expect(mayBeAnywhere(new URL(first), new URL(next), reached)).toBe(expected);
});
