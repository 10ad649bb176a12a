import { expect, test } from "vitest";
import { closeAfterEach, internet, mail, only, service } from "../../../support/delivery.js";

closeAfterEach();

// A receiver that checks our sender repeats what the sender's own server said, with any wording and enhanced code.
test.each([
  ["names our sender", "550 5.1.1 <shop@sender.example>: user unknown"],
  ["names the sender's domain", "550 5.1.1 mx.sender.example said: no such user here"],
])("a refusal of RCPT that %s does not count as an invalid recipient", async (_what, reply) => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => reply }] });
  const report = await service(net).send({ ...mail("bob@one.example"), mail_from: "shop@sender.example" });
  expect(only(report)).toMatchObject({ outcome: "bounced", code: 550 });
  expect(only(report).class).not.toMatch(/^(?:address|mailbox_disabled|mailbox_full)$/);
});

test("a refusal that names the recipient does", async () => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt: () => "550 5.1.1 <bob@one.example>: user unknown" }] });
  const report = await service(net).send({ ...mail("bob@one.example"), mail_from: "shop@sender.example" });
  expect(only(report)).toMatchObject({ outcome: "bounced", class: "address" });
});
