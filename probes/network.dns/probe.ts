import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { DirectOptions } from "../../runner/net/dns/direct-query.js";
import { statusOf } from "../../runner/run/judge.js";
import { answerOf } from "./answer.js";
import { agreementOf, lameServersOf, serialsOf } from "./compare.js";
import { inputViolations, validationAt } from "./dnssec.js";
import { judge } from "./judge.js";
import { type Question, questionsOf } from "./questions.js";
import { type Answer, type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "network.dns",
  summary: "Asks each name server each question, and reports codes, flags, records and times, where servers differ, and what DNSSEC says.",
  needs: ["resolver"],
  target: "name",
  ...newest,
  checkInput: inputViolations,
  run,
});

type Ctx = Context<"resolver">;

/** Questions under way at one server: more would be taken for a flood. With DNSSEC one, as each counts the work of its validation. */
const MAX_AT_A_SERVER = 4;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const questions = questionsOf(input);
  const servers = input.servers ?? ctx.resolver.systemServers();
  const byServer = await Promise.all(servers.map((server) => answersOf(server, questions, input, ctx)));
  const answers = questions.flatMap((_, index) => byServer.map((all) => all[index] as Answer));
  const wanted = questions.flatMap(({ expect }) => servers.map(() => expect));
  // When no server could be asked, the run broke; otherwise each answer has its own failure.
  const failure = answers.every((answer) => answer.failure !== null) ? (answers[0] as Answer).failure : null;
  const compared = { agreement: agreementOf(answers), serials: serialsOf(answers), lame_servers: lameServersOf(answers, input.recursion) };
  const findings = judge(input, answers, wanted, compared);
  return { status: statusOf(failure, findings), failure, answers, ...compared, findings };
}

const NOT_VALIDATED = { dnssec: null, dnssec_detail: null };

async function answersOf(server: string, questions: readonly Question[], input: Input, ctx: Ctx): Promise<Answer[]> {
  const answers: Answer[] = [];
  const options = optionsOf(input);
  const validate = validationAt(server, input, options, ctx);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < questions.length; index = next++) {
      const question = questions[index] as Question;
      const reply = await ctx.resolver.ask(server, question, options);
      answers[index] = { ...answerOf(server, question, reply), ...(validate === null ? NOT_VALIDATED : await validate(question, reply)) };
    }
  };
  await Promise.all(Array.from({ length: input.dnssec ? 1 : Math.min(MAX_AT_A_SERVER, questions.length) }, work));
  return answers;
}

function optionsOf({ transport, dnssec, recursion, edns_size: size, query_timeout_ms: timeoutMs, tries, tls, https_path: httpsPath }: Input): DirectOptions {
  const ednsBytes = size === 0 ? null : size;
  return { transport, recursion, dnssec, checkingDisabled: false, ednsBytes, timeoutMs, tries, tls, httpsPath };
}
