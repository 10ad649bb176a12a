import fc from "fast-check";
import { expect, test } from "vitest";
import { withThousands } from "../../../runner/support/with-thousands.js";

test("groups digits as English does", () => {
  fc.assert(fc.property(fc.integer(), (whole) => withThousands(whole) === whole.toLocaleString("en-US")));
  expect([0, 999, 1000, -1_234_567].map(withThousands)).toEqual(["0", "999", "1,000", "-1,234,567"]);
});
