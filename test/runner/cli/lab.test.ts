import { describe, expect, test } from "vitest";
import { labOf } from "../../../runner/harness/registry.js";
import { probeRun, spawnProbeRun } from "./command-line.js";

const STATUS: Readonly<Record<string, string>> = { plain: "ok", starttls: "ok", implicit: "ok", auth: "ok", greylisting: "error" };

describe("probe-run network.smtp --lab", () => {
  test("runs against the first server", async () => {
    const { code, out } = await probeRun(["network.smtp", "--lab"]);
    expect(code).toBe(0);
    expect(JSON.parse(out).output).toMatchObject({ status: "ok", tls: null, banner: expect.stringContaining("probe-run lab") });
  });

  test.each(Object.entries(STATUS))("--lab=%s is %s", async (server, status) => {
    const { code, out, err } = await probeRun(["network.smtp", `--lab=${server}`]);
    expect({ code, err }).toEqual({ code: status === "ok" ? 0 : 1, err: "" });
    expect(JSON.parse(out).output).toMatchObject({ status });
  });

  test("--set and an input override the lab's input", async () => {
    const { out } = await probeRun(["network.smtp", "-", "--lab=auth", "--set", "auth.password=wrong"], { stdin: '{"helo_domain": "probe.example.org"}' });
    expect(JSON.parse(out).output).toMatchObject({ helo_domain: "probe.example.org", auth: { accepted: false }, failure: { phase: "auth" } });
  });

  test("a target beside it is refused: only one of them could be probed", async () => {
    const refused = await probeRun(["network.smtp", "--lab", "127.0.0.1:9"]);
    expect(refused).toEqual({ code: 2, out: "", err: expect.stringContaining("--lab and a target cannot be combined") });
  });

  test("every server of the lab can be selected", async () => {
    const running = await (await labOf("network.smtp"))?.start(() => 0);
    await running?.close();
    expect(running?.servers.map(({ name }) => name)).toEqual(Object.keys(STATUS));
  });
});

describe("probe-run mail.roundtrip --lab", () => {
  test("shows a whole round trip, with a greylisted first attempt", async () => {
    const { code, out, err } = await probeRun(["mail.roundtrip", "--lab", "--pretty"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const said = out.split("\n").map((line) => line.replace(/[█▉▊▋▌▍▎▏╌ ]+/g, " "));
    expect(said[0]).toMatch(/^mail\.roundtrip@1\.0\.0 127\.0\.0\.1 port \d+, 127\.0\.0\.1 port \d+$/);
    for (const step of [/imap IDLE \d+ ms OK/, /send RCPT \S+ ms 451 4\.7\.1 greylisted/, /send message \S+ ms 250 2\.0\.0 taken/, /imap UID EXPUNGE .*OK/])
      expect(said).toContainEqual(expect.stringMatching(step));
    expect(out).toMatch(/\n\n✔ ok {2}in \d+ ms\n$/);
  });

  test.each(Object.entries({ slow: "warning", spam: "error", twice: "warning", doubt: "warning", never: "error" }))(
    "--lab=%s is %s",
    async (server, status) => {
      const { code, out } = await probeRun(["mail.roundtrip", `--lab=${server}`]);
      expect(code).toBe(status === "error" ? 1 : 0);
      expect(JSON.parse(out).output).toMatchObject({ status });
    },
  );
});

describe("probe-run lab", () => {
  test("prints the inputs, serves, and stops on request", async () => {
    let stop = (): void => {};
    let heard = "";
    const serving = probeRun(["lab"], {
      onStart: (interrupt) => {
        stop = interrupt;
      },
      onOut: (text) => {
        heard += text;
      },
    });
    await expect.poll(() => heard).not.toBe("");
    const { plain, starttls } = JSON.parse(heard)["network.smtp"];
    for (const input of [plain, starttls]) expect((await probeRun(["network.smtp", "-"], { stdin: JSON.stringify(input) })).code).toBe(0);
    stop();
    const { code, out, err } = await serving;
    expect({ code, out }).toEqual({ code: 0, out: heard });
    expect(err).toMatch(/^network\.smtp +greylisting +127\.0\.0\.1 \d+ +[A-Z]/m);
    expect(err).toMatch(/^mail\.roundtrip +loop +127\.0\.0\.1 \d+ \d+ +Greylists/m);
    const refused = await probeRun(["network.smtp", "-", "--compact"], { stdin: JSON.stringify(plain) });
    expect(JSON.parse(refused.out).output.failure).toMatchObject({ code: "refused" });
  });

  test("named probes: their servers alone", async () => {
    let stop = (): void => {};
    const serving = probeRun(["lab", "network.smtp", "mail.mx"], {
      onStart: (interrupt) => {
        stop = interrupt;
      },
      onOut: () => stop(),
    });
    const { code, out } = await serving;
    expect({ code, probes: Object.keys(JSON.parse(out)) }).toEqual({ code: 0, probes: ["network.smtp", "mail.mx"] });
  });

  test.each([
    [["lab", "network.smpt"], "did you mean network.smtp"],
    [["lab", "network.smtp", "--transcript", "case.transcript"], "leave one out"],
  ])("%j is rejected", async (argv, message) => {
    expect(await probeRun(argv)).toEqual({ code: 2, out: "", err: expect.stringContaining(message) });
  });

  test("a port in use is reported in one sentence", async () => {
    const lab = await (await labOf("network.smtp"))?.start(() => 0);
    const taken = lab?.servers[0]?.input.target_port;
    const { code, out, err } = await spawnProbeRun(["lab", "--port-base", String(taken)]);
    await lab?.close();
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toBe(`probe-run: could not run: port ${taken} is taken: give another --port-base, or none for free ports\n`);
  });
});
