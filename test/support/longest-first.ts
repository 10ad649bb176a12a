import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest on two cores. One of them that began last would be waited for by all the others; a fresh checkout knows no times of
 * earlier runs, and vitest begins with the largest files.
 */
const LONGEST = [
  "test/runner/vitest/command.test.ts",
  "test/probes/webapp.journey/hostile.test.ts",
  "test/runner/watch/shared/watches.test.ts",
  "test/package/declarations.test.ts",
  "test/probes/webapp.journey/pages.test.ts",
  "test/house/dist.test.ts",
  "test/runner/watch/shared/offline.test.ts",
  "test/package/vitest-peers.test.ts",
  "test/runner/watch/shared/dependencies.test.ts",
  "test/scripts/build.test.ts",
  "test/package/consumers.test.ts",
  "test/runner/queue/redis-faults.test.ts",
  "test/package/html-reporter.test.ts",
  "test/runner/cli/new.test.ts",
  "test/probes/hostile-network-peers.test.ts",
  "test/runner/watch/shared/catch-up.test.ts",
  "test/runner/serve/page-in-browser.test.ts",
  "test/runner/watch/watch.test.ts",
  "test/runner/queue/faults/kill.test.ts",
  "test/runner/processes/children.test.ts",
  "test/runner/watch/kill.test.ts",
  "test/runner/report/reports-in-browser.test.ts",
  "test/probes/mail.send/postfix.test.ts",
  "test/package/labs.test.ts",
  "test/probes/network.traceroute/scripted-network.test.ts",
  "test/probes/security.ssh/servers.test.ts",
  "test/probes/network.ping/scripted-network.test.ts",
  "test/runner/queue/amqp.test.ts",
  "test/probes/network.ftp/servers.test.ts",
  "test/conformance/registry.test.ts",
  "test/runner/queue/hostile-records.test.ts",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => (LONGEST.findIndex((path) => moduleId.endsWith(path)) + 1 || LONGEST.length + 1) - 1;
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
