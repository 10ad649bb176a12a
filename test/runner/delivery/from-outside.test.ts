import { afterAll, expect, test } from "vitest";
import { childRunner } from "../../support/child-run.js";
import { closeAfterEach, inside, internet, mail } from "../../support/delivery.js";

closeAfterEach();

const child = childRunner();
afterAll(() => child.remove());

/** How many milliseconds a process lives on once it has sent its message: nothing that waits for minutes may keep it. */
async function livesOn(options: Record<string, unknown>, end: string): Promise<unknown> {
  return child.eval(`
    const delivery = createDelivery(${JSON.stringify(options)});
    await delivery.send(${JSON.stringify(mail("bob@one.example"))});
    ${end}
    const began = performance.now();
    process.on("exit", () => console.log(Math.round(performance.now() - began)));`);
}

const PATIENT = { command_timeout_ms: 300_000, connect_timeout_ms: 30_000, timeout_ms: 600_000 };

test.each([
  ["is closed", {}, "await delivery.close();", 300],
  ["keeps its sessions for a moment", { limits: { idle_ms: 300 } }, "", 1500],
  ["keeps no session", { limits: { idle_ms: 0 } }, "", 300],
])("a process exits after its service %s", async (_, options, end, most) => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
  expect(await livesOn({ env: {}, ...inside(net), ...PATIENT, ...options }, end)).toBeLessThan(most);
});

test("a process exits after all servers refused the connection", async () => {
  const net = await internet("one MX 10 gone", { gone: ["127.0.0.12", null], mx: ["127.0.0.11", {}] });
  expect(await livesOn({ env: {}, ...inside(net), ...PATIENT }, "")).toBeLessThan(300);
});
