import type { Output } from "../../probes/network.ftp/schema.js";
import { FTP_ACCOUNT, startProftpd, startVsftpd } from "../../test/support/ftp-servers.js";
import { programPath } from "../../test/support/programs.js";
import type { RunningDaemon } from "../../test/support/run-daemon.js";
import type { Ask, Beside, Comparison } from "./comparison.js";
import { linesOf, outputOf } from "./program-output.js";

export const ftp: Comparison = {
  probe: "network.ftp",
  programs: ["vsftpd", "proftpd", "curl"],
  async compare(ask) {
    const anonymous = { username: "anonymous", password: "bench@example.org" };
    return [await besideCurl(ask, "vsftpd", anonymous, startVsftpd()), await besideCurl(ask, "proftpd", FTP_ACCOUNT, startProftpd())];
  },
};

async function besideCurl(ask: Ask, subject: string, auth: { username: string; password: string }, starting: Promise<RunningDaemon>): Promise<Beside> {
  const server = await starting;
  try {
    const target = { target_host: "127.0.0.1", target_port: server.port, command_timeout_ms: 20_000, timeout_ms: 60_000 };
    const asked = { tls: { mode: "starttls", verify: "ignore" }, auth, list: { show: true }, download: { path: "README" } };
    const output = await ask<Output>("network.ftp", { ...target, ...asked });
    const url = `ftp://127.0.0.1:${server.port}/`;
    const words = ["-skv", "--ssl-reqd", "-u", `${auth.username}:${auth.password}`, "--quote", "FEAT", "--quote", "SYST"];
    const listing = await outputOf(programPath("curl") as string, [...words, url]);
    const file = await outputOf(programPath("curl") as string, [...words, `${url}README`]);
    const { banner, features, tls, system, list, download } = output;
    return {
      ...{ subject, peer: "curl" },
      ours: {
        ...{ banner, features: features?.map(({ keyword }) => keyword), tls: [tls?.version, tls?.cipher], system },
        ...{ listing: list?.lines, entries: list?.entries, "bytes of a file": download?.bytes },
      },
      theirs: {
        ...curlFacts(listing.stderr),
        listing: linesOf(listing.stdout),
        entries: linesOf(listing.stdout).length,
        "bytes of a file": file.stdout.length,
      },
    };
  } finally {
    await server.stop();
  }
}

/** What curl writes of the conversation: each line of the server behind `< `. */
function curlFacts(written: string) {
  const replies = linesOf(written).filter((line) => line.startsWith("< "));
  const said = replies.map((line) => line.slice(2));
  const [, version, cipher] = /SSL connection using (\S+) \/ (\S+)/.exec(written) ?? [];
  return {
    banner: said[0]?.slice(4),
    features: said.filter((line) => line.startsWith(" ")).map((line) => line.trim().split(" ")[0]),
    tls: [version, cipher],
    system: said.find((line) => line.startsWith("215 "))?.slice(4),
  };
}
