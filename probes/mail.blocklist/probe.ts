import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { statusOf } from "../../runner/run/judge.js";
import type { BlocklistAnswer } from "../../schemas/blocklist.js";
import { checkList } from "./check-list.js";
import { judge } from "./judge.js";
import { partsOf } from "./plan.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.blocklist",
  summary: "Checks whether addresses and domains are on DNS block lists, and tests the lists themselves.",
  needs: ["resolver"],
  target: { host: "domains", address: "addresses" },
  ...newest,
  weight: ({ addresses = [], domains = [] }) => addresses.length + domains.length,
  run,
});

async function run(input: Input, ctx: Context<"resolver">): Promise<Evidence<Output>> {
  const parts = partsOf(input);
  const answers = parts.flatMap((part) => part.answers);
  const lists = parts.map(({ list }) => list);
  // The lists are asked side by side, and each of them one question after the other.
  const failure = await ctx.attempt(async () => {
    await Promise.all(parts.map((part) => checkList(ctx, input, part)));
  });
  const findings = judge(lists, answers, input.severity);
  const count = (result: BlocklistAnswer["result"]): number => answers.filter((answer) => answer.result === result).length;
  return {
    status: statusOf(failure, findings),
    failure,
    listed: count("listed"),
    not_listed: count("not_listed"),
    unknown: count("unknown"),
    answers,
    lists,
    findings,
  };
}
