import type { Answer } from "./answer.js";
import { askServers, type LookUpTimeouts, type ServerAnswer } from "./ask-servers.js";
import { MAX_ALIASES } from "./limits.js";
import type { Question } from "./message.js";
import type { ServerAddress } from "./server-address.js";
import type { Cancel } from "./udp.js";

/** Answers one question completely: if an alias leads out of the reply, its target is queried as well. */
export function lookUp(servers: readonly ServerAddress[], question: Question, timeouts: LookUpTimeouts, done: (answer: Answer) => void): Cancel {
  let giveUpAt = performance.now() + timeouts.timeoutMs;
  let cancel: Cancel;
  const ask = (name: string, before: readonly ServerAnswer[]): void => {
    const left = { ...timeouts, timeoutMs: Math.max(1, giveUpAt - performance.now()) };
    cancel = askServers(servers, { ...question, name }, left, (answer, waitedMs) => {
      giveUpAt += waitedMs;
      const all = [...before, answer];
      const target = answer.outcome === "elsewhere" ? all.flatMap(({ aliases }) => aliases).at(-1) : undefined;
      if (target === undefined) return done(joined(all));
      if (leadsOn(question.name, all)) ask(target, all);
      else done(joined([...before, { ...answer, outcome: "unusable_reply", problem: "aliases (CNAME) that form a loop or lead nowhere" }]));
    });
  };
  ask(question.name, []);
  return () => cancel();
}

function leadsOn(name: string, answer: readonly ServerAnswer[]): boolean {
  const names = [name, ...answer.flatMap(({ aliases }) => aliases)];
  return names.length <= MAX_ALIASES + 1 && new Set(names).size === names.length;
}

/** The last reply decides; the whole is as long-lived, and as sure, as the least of its parts. */
function joined(all: readonly ServerAnswer[]): Answer {
  const last = all.at(-1) as ServerAnswer;
  const { outcome, rcode, records, authority, problem, server, extendedErrors } = last;
  // Nearly every answer is one reply.
  const isOne = all.length === 1;
  return {
    outcome: outcome === "elsewhere" ? "unusable_reply" : outcome,
    rcode,
    records,
    aliases: isOne ? last.aliases : all.flatMap(({ aliases }) => aliases),
    ttl: isOne ? last.ttl : leastTtl(all),
    authenticated: isOne ? last.authenticated : all.every(({ authenticated }) => authenticated),
    server,
    fromCache: false,
    authority,
    extendedErrors,
    problem,
  };
}

function leastTtl(all: readonly ServerAnswer[]): number | null {
  const ttls = all.map(({ ttl }) => ttl);
  return ttls.includes(null) ? null : Math.min(...(ttls as number[]));
}
