import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { History } from "../../../runner/history/history.js";
import { LocalHistory } from "../../../runner/history/history-client.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";
import { readSuite } from "../../../runner/suite/read.js";
import { Book } from "../../../runner/watch/book.js";
import { Heartbeats } from "../../../runner/watch/heartbeats/heartbeats.js";
import { openTokens } from "../../../runner/watch/heartbeats/open-tokens.js";
import { watchPlanOf } from "../../../runner/watch/watch-plan.js";

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse("2026-06-01T12:00:00Z");
const TOKEN = "a-token-that-is-long-enough";
const OK = { outcome: "ok", reason: null } as const;
const FAILED = { outcome: "error", reason: "the job ended with exit code 3" } as const;
const CANARY = "checks:\n  - { probe: network.tcp, name: canary, input: { target_host: 127.0.0.1, target_port: 25 } }\n";

const suiteOf = (words: string, heartbeat = "every: 1h, grace: 10m"): string =>
  `name: jobs\nwatch: { ${words} notify: [{ to: "https://hook.example/" }], heartbeats: [{ name: backup, ${heartbeat}, token: ${TOKEN} }] }\n${CANARY}`;
const planOf = async (text: string) => watchPlanOf(await readSuite("checks.yaml", text, {}));

let history: History;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  history = new History(IN_MEMORY);
});
afterEach(() => {
  history.close();
  vi.useRealTimers();
});

async function awaiting(text = suiteOf("")) {
  const plan = await planOf(text);
  const book = await Book.open(plan, new LocalHistory(history, () => undefined), { onChange: () => undefined, onTrouble: () => undefined }, Date.now());
  const heartbeats: Heartbeats = new Heartbeats(
    book,
    await openTokens(plan.heartbeats),
    {
      submit: (report) => heartbeats.apply(report),
      onError(error) {
        throw error;
      },
    },
    Date.now(),
  );
  heartbeats.start();
  const rows = <Row>(sql: string): Row[] => history.driver.prepare(sql).all() as Row[];
  return {
    book,
    heartbeats,
    receive: (request: typeof OK | typeof FAILED = OK, token = TOKEN) => heartbeats.received(token, request, Date.now()),
    pass: async (ms: number) => void (await vi.advanceTimersByTimeAsync(ms)),
    sent: (): string[] => rows<{ body: string }>("SELECT body FROM outbox ORDER BY rowid").map(({ body }) => JSON.parse(body).data.kind as string),
    outcomes: (): string =>
      rows<{ outcome: number }>("SELECT outcome FROM results ORDER BY at")
        .map(({ outcome }) => "oweusm"[outcome])
        .join(""),
    reasons: (): string[] => rows<{ reason: string }>("SELECT reason FROM evidence ORDER BY at").map(({ reason }) => reason),
  };
}

describe("a job that reports itself", () => {
  test("nothing is awaited before its first request", async () => {
    const { pass, outcomes } = await awaiting();
    await pass(10 * HOUR);
    expect(outcomes()).toBe("");
  });

  test("late is a warning; missing opens an incident at once; its next request closes it", async () => {
    const { receive, pass, sent, outcomes, reasons } = await awaiting();
    expect(await receive()).toBe("taken");
    await pass(HOUR + 5 * SECOND);
    expect(outcomes()).toBe("ow");
    await pass(10 * MINUTE);
    expect(outcomes()).toBe("owe");
    expect(sent()).toEqual(["error"]);
    expect(reasons()).toEqual([
      "late: expected by 2026-06-01T13:00:00.000Z",
      "missing: expected by 2026-06-01T13:00:00.000Z, and not there by 2026-06-01T13:10:00.000Z",
    ]);
    // One result for each period that is missed, and one incident.
    await pass(2 * HOUR);
    expect(outcomes()).toBe("oweee");
    await receive();
    expect(outcomes()).toBe("oweeeo");
    expect(sent()).toEqual(["error", "recovered"]);
    await pass(59 * MINUTE);
    expect(outcomes()).toBe("oweeeo");
  });

  test("a job that comes in time is fine; one that says that it failed is not", async () => {
    const { receive, pass, sent, outcomes, reasons } = await awaiting();
    for (let count = 0; count < 3; count++) {
      await receive();
      await pass(HOUR - MINUTE);
    }
    expect(outcomes()).toBe("ooo");
    await receive(FAILED);
    expect(sent()).toEqual(["error"]);
    expect(reasons()).toEqual([FAILED.reason]);
    // While it fails, lateness is no news, and must not count as a success.
    await pass(HOUR + 5 * MINUTE);
    expect(outcomes()).toBe("oooe");
    await receive();
    expect(sent()).toEqual(["error", "recovered"]);
  });

  test("without a grace there is no lateness", async () => {
    const { receive, pass, outcomes } = await awaiting(suiteOf("", "every: 1h, grace: 0s"));
    await receive();
    await pass(HOUR + 5 * SECOND);
    expect(outcomes()).toBe("oe");
  });

  test("the same request within a second is one; more than sixty in a minute are refused, and the next minute is new", async () => {
    const { receive, pass, outcomes } = await awaiting();
    await Promise.all([receive(), receive(), receive()]);
    expect(outcomes()).toBe("o");
    const answers: string[] = [];
    for (let count = 0; count < 80; count++) answers.push(await receive(count % 2 === 0 ? FAILED : OK));
    expect(answers).toContain("too many");
    expect(outcomes()).toHaveLength(60);
    await pass(MINUTE);
    expect(await receive()).toBe("taken");
  });

  test("a token that is not known is not taken", async () => {
    const { receive, outcomes } = await awaiting();
    expect(await receive(OK, `${TOKEN}x`)).toBe("unknown token");
    expect(outcomes()).toBe("");
  });
});

describe("when the watch could not hear it", () => {
  test("what was due while the watch did not run is awaited anew, and what was not due is as before", async () => {
    const first = await awaiting();
    await first.receive();
    await first.pass(30 * MINUTE);
    first.heartbeats.stop();
    const second = await awaiting();
    await second.pass(41 * MINUTE);
    expect(second.outcomes()).toBe("owe");
    await second.receive();
    second.heartbeats.stop();
    vi.setSystemTime(Date.now() + 5 * HOUR);
    const third = await awaiting();
    await third.pass(50 * MINUTE);
    expect(third.outcomes()).toBe("oweo");
    await third.pass(21 * MINUTE);
    expect(third.outcomes()).toBe("oweowe");
  });

  test("one that was late when the watch stopped is missing at its time", async () => {
    const first = await awaiting();
    await first.receive();
    await first.pass(HOUR + MINUTE);
    first.heartbeats.stop();
    const second = await awaiting();
    await second.pass(8 * MINUTE);
    expect(second.outcomes()).toBe("ow");
    await second.pass(2 * MINUTE);
    expect(second.outcomes()).toBe("owe");
  });

  test("after a suspend, and after the clock was set back", async () => {
    const { receive, pass, outcomes } = await awaiting();
    await receive();
    vi.setSystemTime(Date.now() + 5 * HOUR);
    await pass(HOUR - MINUTE);
    expect(outcomes()).toBe("o");
    await receive();
    vi.setSystemTime(Date.now() - 3 * HOUR);
    await pass(50 * MINUTE);
    expect(outcomes()).toBe("oo");
    // What comes now is newer than what came in the old future.
    await receive(FAILED);
    expect(outcomes()).toBe("ooe");
  });

  test("while this machine is offline, missing is unknown, and it is looked at again after it", async () => {
    const { book, receive, pass, outcomes, sent } = await awaiting(suiteOf("canaries: [canary],"));
    await receive();
    await pass(30 * MINUTE);
    await book.blind("every canary fails", Date.now());
    await pass(45 * MINUTE);
    const own = (): string => outcomes().replace("e", "");
    expect(own()).toBe("owu");
    await book.blind(null, Date.now());
    await pass(10 * MINUTE);
    expect(sent()).toEqual(["error", "recovered", "error"]);
  });

  test("within maintenance it counts neither way, and what is missing at its end is reported", async () => {
    const words = 'maintenance: [{ cron: "5 13 * * *", zone: UTC, for: 30m, tags: [nightly] }],';
    const { receive, pass, outcomes, sent } = await awaiting(suiteOf(words, "every: 1h, grace: 10m, tags: [nightly]"));
    await receive();
    await pass(HOUR + 11 * MINUTE);
    expect(outcomes()).toBe("owm");
    expect(sent()).toEqual([]);
    await pass(HOUR);
    expect(outcomes()).toBe("owme");
    expect(sent()).toEqual(["error"]);
  });
});

describe("a suite with heartbeats", () => {
  test("keys stay with an id; two of a name, and intervals that are too short, are refused", async () => {
    const keyOf = async (heartbeat: string): Promise<string> => {
      const text = `name: jobs\nwatch: { heartbeats: [{ ${heartbeat}, every: 1h, token: ${TOKEN} }] }\n${CANARY}`;
      return (await planOf(text)).heartbeats[0]?.key as string;
    };
    expect(await keyOf("name: new, id: same")).toBe(await keyOf("name: old, id: same"));
    expect(await keyOf("name: new")).not.toBe(await keyOf("name: old"));
    const two = `name: jobs\nwatch: { heartbeats: [{ name: a, every: 1h, token: ${TOKEN} }, { name: a, every: 10ms, token: ${TOKEN} }] }\n${CANARY}`;
    const error = await planOf(two).then(
      () => null,
      (reason: { problems: { message: string; line: number }[] }) => reason,
    );
    expect(error?.problems.map(({ message }) => message)).toEqual(["another heartbeat has the same name or id", "every must be at least 1s"]);
  });

  test("tokens that could be guessed, that are no part of a URL, and that two jobs share are refused; no message names one", async () => {
    const tokens = async (...all: string[]): Promise<string> => {
      const heartbeats = all.map((token, index) => `{ name: job${index}, every: 1h, token: ${JSON.stringify(token)} }`);
      const { heartbeats: checks } = await planOf(`name: jobs\nwatch: { heartbeats: [${heartbeats.join(", ")}] }\n${CANARY}`);
      return openTokens(checks).then(
        (map) => `${map.size}`,
        (error: { violations: { pointer: string; message: string }[] }) => `${error.violations[0]?.pointer}: ${error.violations[0]?.message}`,
      );
    };
    const form = "a token has 20 to 200 letters, digits, - and _";
    expect(await tokens(TOKEN, `${TOKEN}-2`)).toBe("2");
    expect(await tokens("nineteen-characters")).toBe(`watch.heartbeats.0.token: ${form}`);
    expect(await tokens(TOKEN, "twenty/characters/../and")).toBe(`watch.heartbeats.1.token: ${form}`);
    expect(await tokens("x".repeat(201))).toBe(`watch.heartbeats.0.token: ${form}`);
    expect(await tokens(TOKEN, TOKEN)).toBe("watch.heartbeats.1.token: another heartbeat has the same token");
  });
});
