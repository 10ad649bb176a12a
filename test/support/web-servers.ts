import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificatePath } from "./certificates.js";
import { endProcess, listening } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface WebServer {
  readonly http: string;
  readonly https: string;
  stop(): Promise<void>;
}

/** The files that both servers serve. */
export const FILES: Readonly<Record<string, string | Buffer>> = {
  "index.html": "<!doctype html><title>it works</title>\n",
  "large.txt": "all work and no play\n".repeat(40_000),
  "data.json": '{"status":"up","items":[1,2,3]}',
};

/** nginx with HTTP/1.1, HTTPS and HTTP/2, in a private folder on free ports of the loopback. */
export function startNginx(): Promise<WebServer> {
  return start("nginx", (folder, root, http, https) => {
    const file = join(folder, "nginx.conf");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${join(folder, name)};`);
    const lines = [
      "daemon off;",
      ...(process.getuid?.() === 0 ? ["user root;"] : []),
      `pid ${join(folder, "nginx.pid")};`,
      `error_log ${join(folder, "error.log")};`,
      "events {}",
      "http {",
      "  types { text/html html; text/plain txt; application/json json; }",
      "  access_log off;",
      ...temporary,
      "  gzip on; gzip_types text/plain; gzip_min_length 100;",
      "  server {",
      `    listen 127.0.0.1:${http};`,
      `    listen 127.0.0.1:${https} ssl http2;`,
      `    ssl_certificate ${certificatePath("localhost")};`,
      `    ssl_certificate_key ${certificatePath("localhost", "key.pem")};`,
      `    root ${root};`,
      "    location = /old { return 301 /index.html; }",
      `    location = /secure { return 302 https://127.0.0.1:${https}/index.html; }`,
      "    location = /metadata { return 302 http://169.254.169.254/latest/meta-data/; }",
      "    location = /loop { return 302 /loop; }",
      `    location = /private { auth_basic "private"; auth_basic_user_file ${join(folder, "users")}; }`,
      '    location = /echo { default_type text/plain; return 200 "$request_method $http_x_one $http_authorization"; }',
      "  }",
      "}",
    ];
    writeFileSync(join(folder, "users"), "alice:{PLAIN}correct-horse\n");
    writeFileSync(join(root, "private"), "for alice\n");
    writeFileSync(file, lines.join("\n"));
    return ["-c", file, "-p", folder, "-e", join(folder, "error.log")];
  });
}

/** Caddy with HTTP/1.1, HTTPS and HTTP/2. */
export function startCaddy(): Promise<WebServer> {
  return start("caddy", (folder, root, http, https) => {
    const file = join(folder, "Caddyfile");
    const lines = [
      "{",
      "  admin off",
      "  auto_https off",
      `  storage file_system ${folder}`,
      "}",
      `http://127.0.0.1:${http} {`,
      `  root * ${root}`,
      "  file_server",
      "}",
      `https://127.0.0.1:${https} {`,
      `  tls ${certificatePath("localhost")} ${certificatePath("localhost", "key.pem")}`,
      `  root * ${root}`,
      "  encode gzip",
      "  file_server",
      "}",
    ];
    writeFileSync(file, lines.join("\n"));
    return ["run", "--config", file, "--adapter", "caddyfile"];
  });
}

async function start(program: "nginx" | "caddy", configure: (folder: string, root: string, http: number, https: number) => string[]): Promise<WebServer> {
  const [http, https] = (await freePorts(2)) as [number, number];
  const folder = mkdtempSync(join(tmpdir(), `probe-run-${program}-`));
  const root = join(folder, "root");
  mkdirSync(root);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(root, name), content);
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const args = configure(folder, root, http, https);
  const child = spawn(programPath(program) as string, args, { stdio: ["ignore", output, output], cwd: folder, env: { ...process.env, HOME: folder } });
  await listening(http, program, log);
  await listening(https, program, log);
  return {
    http: `http://127.0.0.1:${http}`,
    https: `https://127.0.0.1:${https}`,
    async stop() {
      await endProcess(child.pid as number, program, log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
