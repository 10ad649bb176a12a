import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";
import { transpiledSources } from "./test/support/transpiled-sources.js";

/** What has its own command, `npm run test:slow`, so that `npm test` stays under three minutes. CI runs both. */
const SLOW = [
  // Workers are killed again and again while a queue is under load.
  "test/runner/queue/faults/**",
  "test/runner/queue/*-{faults,restart,lost-answers}.test.ts",
  "test/probes/mail.deliver/queued.test.ts",
  // Real mail systems that check a sender, greylist, or hand a message on: most of the time is theirs.
  "test/probes/mail.rcpt/{postfix,sender-verification}.test.ts",
  // A whole check for each labelled reply, and for each row of the table of replies in three deliveries: reply-table.test.ts has each row's meaning.
  "test/probes/mail.rcpt/{corpus,replies}.test.ts",
  "test/probes/mail.roundtrip/mail-system.test.ts",
  "test/probes/mail.send/{postfix,later}.test.ts",
  "test/probes/mail.receive/dovecot.test.ts",
  // Messages that are larger than what two sockets hold between them.
  "test/probes/mail.send/lost.test.ts",
  // A process for each hostile peer, or for each way to end.
  "test/runner/data/hostile-peers.test.ts",
  "test/probes/hostile-{web,network}-peers.test.ts",
  "test/probes/network.smtp/from-outside.test.ts",
  "test/runner/delivery/from-outside.test.ts",
  "test/probes/webapp.http/http2-floods.test.ts",
  // openssl starts once for each question, or for each certificate.
  "test/probes/security.tls/beside-openssl.test.ts",
  "test/runner/asn1/certificate-beside-openssl.test.ts",
  "test/runner/net/transport/sent-chain.test.ts",
  // A browser for each page, most of which are made not to end.
  "test/probes/webapp.journey/{pages,hostile}.test.ts",
  "test/conformance/labs-in-browser.test.ts",
  // A job for each probe that dials, by every way to write an address of this machine.
  "test/runner/queue/denied-{in-browser,by-every-probe}.test.ts",
  // A database's data must be created first.
  "test/probes/{data.mysql/mariadb,data.postgresql/postgres}.test.ts",
  // delv starts once for each question.
  "test/probes/network.dns/dnssec.test.ts",
  "test/probes/network.dns/dnssec-knot.test.ts",
  // Twenty thousand random SPF records beside python3-spf.
  "test/runner/mail/spf/beside-python3-spf.test.ts",
  // A report of a hundred thousand sources, reports that Python packs, and reports made to take long.
  "test/runner/mail/domain-report/{many-sources,packing}.test.ts",
  "test/runner/mail/report/read-report-hostile.test.ts",
  // Thousands of random values beside Python's own formats.
  "test/probes/network.smtp/v1-python-format-beside-python.test.ts",
  // Five thousand messages beside python3-dkim, whose RSA is written in Python.
  "test/runner/mail/dkim/beside-python3-dkim.test.ts",
  // Each parser of hostile text with a few hundred mutations.
  "test/fuzz/fuzz.test.ts",
  // Every regular expression of the house under attack; the validators of dist/ beside those of the sources, on random values.
  "test/house/{regular-expressions,dist}.test.ts",
  // Programs that start processes, which end in every way.
  "test/runner/processes/{ahead,children}.test.ts",
  "test/runner/cli/{run-processes,closed-reader,stray-secrets,terminal}.test.ts",
  // A process for each case: a shell for each line to complete, a node for each environment or report.
  "test/runner/cli/completion.test.ts",
  "test/bin/compile-cache.test.ts",
  "test/scripts/test-result.test.ts",
  "test/runner/net/dns/between-processes.test.ts",
  // Slots take their time, and a watch is killed again and again.
  "test/runner/watch/{watch,kill,killed-before-answer,full-disk,suspend,uplink}.test.ts",
  // Watches and workers of several places on one Redis, some of which are killed.
  "test/runner/watch/shared/{watches,places,each-slot-once,one-silent-one-failing,dependencies,offline,pages,catch-up,liveness,heartbeats,clock-on-redis}.test.ts",
  // A client that does not read is cut off after ten seconds.
  "test/runner/net/http/serve.test.ts",
  // A job that stops reporting is missing after some seconds.
  "test/runner/serve/heartbeat-route.test.ts",
  // Two exporters and a Prometheus beside each other.
  "test/runner/serve/beside-blackbox.test.ts",
  // A browser opens every page three times, and axe reads them.
  "test/runner/{serve/page,report/reports}-in-browser.test.ts",
  // A process for each command of a document, and a vitest.
  "test/docs/{readme,lists,queues}.test.ts",
  // A vitest for each suite.
  "test/probes/mail.roundtrip/suite.test.ts",
  "test/runner/vitest/probe-test.test.ts",
  // Copies of the repository, in which the compiler, the build and vitest run.
  "test/runner/cli/{new,foreign}.test.ts",
  "test/runner/vitest/{command,report}.test.ts",
  "test/scripts/build.test.ts",
  "test/package/**",
];

/** What takes minutes for each test: `npm run test:long` alone. */
const LONG = ["test/probes/security.tls/beside-testssl.test.ts"];

/** mailauth needs another Node than this one: PROBE_RUN_MAILAUTH names the folder where both are, as test/support/mailauth-oracle.ts says. */
const BESIDE_MAILAUTH = process.env.PROBE_RUN_MAILAUTH === undefined ? ["test/runner/mail/beside-mailauth.test.ts"] : [];

/** Files that count what the whole process did, or change what it shares: each has a process of its own. */
const ISOLATED = [
  "test/runner/delivery/service/metrics.test.ts",
  "test/probes/mail.deliver/ledger.test.ts",
  // What is known of a site is known by its port, which a server of another file may have had.
  "test/probes/mail.rcpt/behaviours.test.ts",
];

/** What loads modules anew, which vite alone can do. The modules of its process are gone afterwards. */
const RELOADING = ["test/runner/support/process-wide.test.ts"];

const slowOnly = process.env.PROBE_RUN_SLOW === "1";
const include = slowOnly ? SLOW.map((pattern) => (pattern.endsWith("**") ? `${pattern}/*.test.ts` : pattern)) : ["test/**/*.test.ts"];
const isLong = process.env.PROBE_RUN_LONG === "1";
const exclude = [...configDefaults.exclude, ...BESIDE_MAILAUTH, ...(slowOnly || isLong ? [] : SLOW), ...(isLong ? [] : LONG)];

/**
 * Loading the modules again for each of 400 files costs more than the tests of most, so files share them within a worker.
 * CI, the slow and the long suites isolate every file, so that no result there depends on the order of files.
 */
const isolatesAll = slowOnly || isLong || process.env.CI === "true";
/** If vitest watches, vite has to know which tests import what changed. */
const plugins = process.argv.includes("run") ? [transpiledSources()] : [];
const files = isolatesAll
  ? { include, exclude }
  : {
      projects: [
        {
          extends: true as const,
          plugins,
          test: { name: "shared", isolate: false, include, exclude: [...exclude, ...ISOLATED, ...RELOADING] },
        },
        { extends: true as const, plugins, test: { name: "isolated", include: ISOLATED, exclude } },
        { extends: true as const, test: { name: "reloading", include: RELOADING, exclude } },
      ],
    };

/** Most of a test is waiting: on two cores four files at once keep the cores busy. Files of the slow and the long suite need their cores. */
function workers(): number {
  const atLeast = slowOnly || isLong ? 2 : 4;
  return Math.max(atLeast, availableParallelism() - 1);
}

export default defineConfig({
  test: {
    ...files,
    maxWorkers: workers(),
    sequence: { sequencer: LongestFirst },
    // What a file leaves behind is collected less often: a twelfth less processor time.
    execArgv: ["--max-semi-space-size=32"],
    // The second run finds the sources as the first one compiled them.
    experimental: { fsModuleCache: true },
    testTimeout: 30_000,
    // A second, which is vitest's own limit, is not enough for a process to start on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    // Servers are started in hooks, some of them by a dozen programs of their own.
    hookTimeout: 120_000,
    setupFiles: ["runner/capabilities.ts"],
    globalSetup: ["test/support/report-missing.ts"].filter((path) => existsSync(new URL(path, import.meta.url))),
  },
});
