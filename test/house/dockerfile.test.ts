import { execFile, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { dockerfileFaults, readDockerfile } from "./dockerfile.js";
import { read } from "./files.js";

const TEXT = read("docs/fleet/Dockerfile");
const of = (keyword: string) => readDockerfile(TEXT).filter((each) => each.keyword === keyword);

describe("docs/fleet/Dockerfile", () => {
  test("keeps to the rules of a published image", () => {
    expect(dockerfileFaults(TEXT)).toEqual([]);
  });

  // A rule that nothing breaks would not be seen to work.
  test.each([
    [/^USER node$/m, "", "the last USER is neither root nor missing"],
    [/^USER node$/m, "USER root", "the last USER is neither root nor missing"],
    [/^HEALTHCHECK [\s\S]*?\]$/m, "", "there is a health check, as a list"],
    [/node:24-slim/, "node", "every base image has a version"],
    [/node:24-slim/, "node:latest", "every base image has a version"],
    [/^COPY --from=build.*$/m, "RUN npm install probe-run", "the last stage installs nothing"],
    [/^FROM \$\{NODE\}$/m, "", "there are two stages, so that no build tool and no cache is published"],
    [/^WORKDIR \/app$/m, "WORKDIR app", "every WORKDIR is absolute"],
  ])("%s in place of %j is found", (pattern, instead, rule) => {
    expect(TEXT).toMatch(pattern);
    expect(dockerfileFaults(TEXT.replace(pattern, instead))).toContain(rule);
  });

  test("its shell lines are shell", () => {
    expect(of("RUN").length).toBeGreaterThan(1);
    for (const { text } of of("RUN")) expect(spawnSync("sh", ["-n", "-c", text]), text).toMatchObject({ status: 0 });
  });

  test("the user may write where it starts, and that is a volume", () => {
    const folder = of("WORKDIR").at(-1)?.text as string;
    expect(of("VOLUME").map(({ text }) => text)).toEqual([folder]);
    expect(of("RUN").at(-1)?.text).toContain(`chown node:node ${folder}`);
  });

  test.each([
    ["a worker that is well", 200, 0],
    ["a worker that is not", 503, 1],
    ["what serves no page", null, 0],
  ])("the health check of %s", async (_name, status, code) => {
    const port = status === null ? await freePort() : await serving(status);
    const [program, ...args] = JSON.parse(/CMD (\[.*\])$/.exec(of("HEALTHCHECK")[0]?.text as string)?.[1] as string) as string[];
    expect(program).toBe("node");
    const command = args.map((word) => word.replace("127.0.0.1:9464", `127.0.0.1:${port}`));
    const ended = await promisify(execFile)(process.execPath, command).then(
      () => 0,
      (error) => error.code,
    );
    expect(ended).toBe(code);
  });
});

async function serving(status: number): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/healthz" ? status : 404).end();
  });
  onTestFinished(() => void server.close());
  return listening(server);
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}
