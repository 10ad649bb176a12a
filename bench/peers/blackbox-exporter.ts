import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HELO_DOMAIN } from "../contenders/prober.js";
import { type Child, startChild } from "../support/child.js";
import { startDaemon } from "../support/daemon.js";
import { freePort } from "../support/free-port.js";
import { installed } from "../support/installed.js";
import type { Workshop } from "../support/workshop.js";

/** The same conversation. It ends its lines with a line feed of its own, and reads on until a line matches. */
const CONFIG = `modules:
  smtp:
    prober: tcp
    timeout: 30s
    tcp:
      preferred_ip_protocol: ip4
      query_response:
        - expect: "^220 "
        - send: "EHLO ${HELO_DOMAIN}\\r"
        - expect: "^250 "
        - send: "NOOP\\r"
        - expect: "^250 "
        - send: "QUIT\\r"
        - expect: "^221 "
`;

/** Debian's name for it, and the project's own. */
const PROGRAMS = ["prometheus-blackbox-exporter", "blackbox_exporter"];

/** The exporter, and a process that drives it over HTTP. Null where it is not installed. */
export async function startBlackboxExporter(workshop: Workshop): Promise<Pick<Child, "ask" | "stop"> | null> {
  const program = PROGRAMS.map(installed).find((path) => path !== null) ?? null;
  if (program === null) return null;
  const config = join(workshop.folder, "blackbox.yml");
  await writeFile(config, CONFIG);
  const port = await freePort();
  const args = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"];
  const daemon = await startDaemon(program, args, port, join(workshop.folder, "blackbox.log"));
  const driver = await startChild(process.execPath, [workshop.script("blackbox"), String(port), String(daemon.pid)]);
  return {
    ask: (request) => driver.ask(request),
    async stop() {
      await driver.stop();
      await daemon.stop();
    },
  };
}
