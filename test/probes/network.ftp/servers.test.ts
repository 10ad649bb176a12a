import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/network.ftp/schema.js";
import { run } from "../../../runner/harness/run.js";
import { FTP_ACCOUNT, FTP_FILES, startProftpd, startPureFtpd, startVsftpd } from "../../support/ftp-servers.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";

/** pure-ftpd hashes a password for seconds. */
const SLOW = 60_000;

let running: RunningDaemon | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

const TLS = { mode: "starttls", verify: "ignore" };
const ANONYMOUS = { username: "anonymous" };

async function probe(input: object): Promise<Output> {
  const target = { target_host: "127.0.0.1", target_port: running?.port, command_timeout_ms: 20_000, timeout_ms: 60_000 };
  return (await run("network.ftp", { ...target, ...input } as never)).output as Output;
}

/** What curl makes of the same server: its exit code, and what it read. */
async function curl(path: string, ...options: string[]): Promise<{ code: number; text: string }> {
  const url = `ftp://127.0.0.1:${running?.port}/${path}`;
  const done = promisify(execFile)(programPath("curl") as string, ["-sk", "--max-time", "30", ...options, url]);
  return done.then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, text: error.stdout }),
  );
}

const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== "");

realServer("network.ftp against vsftpd", ["vsftpd", "curl"], () => {
  test("resumes the TLS session that require_ssl_reuse demands, and reads what curl reads", async () => {
    running = await startVsftpd();
    const listing = await curl("", "--ssl-reqd");
    // The demand is real: with a new session curl gets nothing.
    expect((await curl("", "--ssl-reqd", "--no-sessionid")).code).not.toBe(0);
    const output = await probe({
      tls: TLS,
      auth: ANONYMOUS,
      list: { show: true },
      download: { path: "README" },
      expect: { tls_resumed: true, features: ["MDTM", "SIZE"], min_entries: 3 },
    });
    expect(output).toMatchObject({ status: "ok", failure: null, starttls: "secured", data_protection: "private", system: "UNIX Type: L8", anomalies: [] });
    expect(output.list?.lines).toEqual(linesOf(listing.text));
    expect(output.list).toMatchObject({ entries: 3, is_complete: true });
    expect(output.download).toMatchObject({ bytes: FTP_FILES.README?.length, is_complete: true, tls: { is_resumed: true } });
  });

  test("a file that is not there is a failure of the transfer, by PASV as by EPSV", async () => {
    running = await startVsftpd();
    for (const passive of ["epsv", "pasv"])
      expect(await probe({ tls: TLS, auth: ANONYMOUS, passive, download: { path: "none" } })).toMatchObject({
        failure: { phase: "transfer", code: "reply_rejected", reply_code: 550 },
        download: { passive: { command: passive.toUpperCase(), is_other_host: false } },
      });
  });
});

realServer("network.ftp against proftpd", ["proftpd", "curl"], () => {
  test("logs in, resumes, and reads what curl reads", async () => {
    running = await startProftpd();
    const listing = await curl("", "--ssl-reqd", "-u", `${FTP_ACCOUNT.username}:${FTP_ACCOUNT.password}`);
    const output = await probe({ tls: TLS, auth: FTP_ACCOUNT, list: { show: true }, expect: { tls_resumed: true, starttls: true } });
    expect(output).toMatchObject({ status: "ok", tls: { alpn: "ftp" }, auth: { anonymous: false, accepted: true } });
    expect(output.list?.lines).toEqual(linesOf(listing.text));
    expect(readFileSync(join(running.folder, "tls.log"), "utf8")).toContain("client reused TLS session for data connection");
  });

  test("counts the entries of MLSD without the directory itself", async () => {
    running = await startProftpd();
    expect((await probe({ tls: TLS, auth: FTP_ACCOUNT, list: { command: "MLSD" } })).list).toMatchObject({ entries: 3, lines: [], is_complete: true });
  });

  test("a wrong password, a clear login where TLS is required, and implicit TLS", async () => {
    running = await startProftpd(["TLSRequired on"]);
    expect((await probe({ tls: TLS, auth: { ...FTP_ACCOUNT, password: "wrong" } })).failure).toMatchObject({ phase: "auth", reply_code: 530 });
    const clear = await probe({ tls: { mode: "none" }, auth: { ...FTP_ACCOUNT, allow_plaintext: true } });
    expect(clear.failure).toMatchObject({ phase: "auth", code: "reply_rejected", reply_code: 550 });
    await running.stop();
    running = await startProftpd(["TLSOptions UseImplicitSSL"]);
    const implicit = await probe({ tls: { mode: "implicit", verify: "ignore" }, auth: FTP_ACCOUNT, list: {}, expect: { tls_resumed: true } });
    expect(implicit).toMatchObject({ status: "ok", starttls: "not_tried", list: { entries: 3 } });
  });
});

realServer("network.ftp against pure-ftpd", ["pure-ftpd", "pure-pw", "curl"], () => {
  test(
    "begins new TLS sessions for data, and reads what curl reads",
    async () => {
      running = await startPureFtpd();
      const listing = await curl("", "--ssl-reqd", "-u", `${FTP_ACCOUNT.username}:${FTP_ACCOUNT.password}`);
      const output = await probe({ tls: TLS, auth: FTP_ACCOUNT, list: { show: true }, prefer: { tls_resumed: true } });
      expect(output).toMatchObject({ status: "warning", failure: null, list: { tls: { is_resumed: false, is_same_certificate: true } } });
      expect(output.list?.lines).toEqual(linesOf(listing.text));
      expect(output.banner).toContain("Pure-FTPd");
    },
    SLOW,
  );

  test(
    "behind NAT: the address that PASV names is reported, and not used",
    async () => {
      // -P: the address for replies to PASV.
      running = await startPureFtpd(["-P", "192.0.2.7"]);
      const output = await probe({ tls: TLS, auth: FTP_ACCOUNT, passive: "pasv", list: {} });
      expect(output).toMatchObject({ status: "warning", list: { entries: 3, passive: { ip_address: "192.0.2.7", is_other_host: true } } });
      expect(output.findings.map(({ reason }) => reason)).toEqual(["passive_address_differs"]);
    },
    SLOW,
  );
});
