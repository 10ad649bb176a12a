import { expect, test } from "vitest";
import { sharesOf } from "../../../probes/mail.roundtrip/build-output.js";
import type { ReceivedHop } from "../../../schemas/received.js";

const shares = (...delays: (number | null)[]) =>
  sharesOf(delays.map((delay) => ({ delay_to_next_seconds: delay }) as ReceivedHop)).map((hop) => hop.share_percent);

test("a hop that seems to take less than no time has no share, and takes none from the others", () => {
  expect(shares(3, -4, 1, null)).toEqual([75, null, 25, null]);
});

test("a path that took no time has no shares", () => {
  expect(shares(0, 0, null)).toEqual([null, null, null]);
});
