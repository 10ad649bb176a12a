import { expect, test } from "vitest";
import { table } from "../../../runner/support/table.js";
import { cellsOf } from "../../../runner/support/text-width.js";

const HEADING = ["PROBE", "NEEDS", "DESCRIPTION"];
const ROWS = [
  ["network.smtp", "tcp, tls", "Greets a server, and says goodbye."],
  ["mail.mx", "", "Finds hosts."],
];

test("columns are aligned, and the last is cut where the line ends", () => {
  expect(table(HEADING, ROWS, 50)).toBe(
    ["PROBE         NEEDS     DESCRIPTION", "network.smtp  tcp, tls  Greets a server, and says…", "mail.mx                 Finds hosts.", ""].join("\n"),
  );
});

test("nothing is cut where there is no line to end", () => {
  expect(table(HEADING, ROWS, Number.POSITIVE_INFINITY)).toContain("Greets a server, and says goodbye.");
});

test("on a narrow terminal each row is a list, and all of it is there", () => {
  const text = table(HEADING, ROWS, 30);
  expect(text.replace(/\s+/g, " ")).toBe("network.smtp needs: tcp, tls description: Greets a server, and says goodbye. mail.mx description: Finds hosts. ");
  expect(Math.max(...text.split("\n").map(cellsOf))).toBeLessThanOrEqual(30);
});
