import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { checkService } from "../../runner/service-check/check-service.js";
import type { Violation } from "../../runner/support/request-error.js";
import { inContract, nothingYet } from "./evidence.js";
import { type Input, newest, type Output } from "./schema.js";
import { ftp, isAnonymous } from "./service.js";

export default defineProbe({
  name: "network.ftp",
  summary: "Greets an FTP server, secures it, logs in if asked, lists or reads over a data connection if asked, and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  replay: ({ list, download }) =>
    list === undefined && download === undefined ? null : "a list and a download come over a connection of their own, to a port that the server chooses",
  ...newest,
  checkInput: (input) => [...tlsViolations(input.tls), ...loginViolations(input)],
  run: async (input: Input, ctx: Context<"tcp" | "tls" | "clock">): Promise<Evidence<Output>> =>
    inContract(await checkService(ftp(ctx.part("data")), ctx, input, nothingYet(input))),
});

function loginViolations({ auth, list, download }: Input): Violation[] {
  if (auth === undefined) {
    const pointers = [...(list === undefined ? [] : ["/list"]), ...(download === undefined ? [] : ["/download"])];
    return pointers.map((pointer) => ({ pointer, message: "needs a login: set auth", hint: 'auth: { "username": "anonymous" }' }));
  }
  if (auth.password !== undefined || isAnonymous(auth.username)) return [];
  return [{ pointer: "/auth/password", message: "is missing: only anonymous and ftp need no password", hint: null }];
}
