import { expect, test } from "vitest";
import { boundTo } from "../../../probes/webapp.security/requests.js";

const [BOUND, FREE] = [{ allow_private_redirects: false }, { allow_private_redirects: true }];

test("what is asked beside a page from a public address is not asked at one that is not public", () => {
  const { refuse } = boundTo("8.8.8.8", BOUND);
  expect(refuse?.("8.8.4.4")).toBeNull();
  expect(refuse?.("169.254.169.254")).toContain("the host of the page leads to 169.254.169.254, which is not a public address");
});

test("an inner site, and one that the input allows, may be anywhere", () => {
  expect([boundTo("10.1.2.3", BOUND), boundTo(null, BOUND), boundTo("8.8.8.8", FREE)]).toEqual([{}, {}, {}]);
});
