import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import { openDriver } from "../../sqlite/driver.js";
import { IN_MEMORY } from "../../sqlite/store-path.js";
import { packageRoot } from "../../support/package-root.js";
import { type Check, check } from "./check.js";

/** Node, SQLite, the optional packages and the machine's name. */
export function machineChecks(): Check[] {
  return [nodeCheck(process.versions.node, leastNode()), sqliteCheck(), ...Object.entries(PACKAGES).map(packageCheck), hostNameCheck(hostname())];
}

function leastNode(): string {
  const { engines } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { engines: { node: string } };
  return engines.node.replace(/^\D*/, "");
}

export function nodeCheck(version: string, least: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  const isOldEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return isOldEnough
    ? check("Node.js", "ok", version)
    : check("Node.js", "error", `${version} is older than the oldest supported version, ${least}`, `install Node.js ${least} or newer`);
}

function sqliteCheck(): Check {
  try {
    openDriver(IN_MEMORY).close();
    return check("SQLite", "ok", "available for queues and caches");
  } catch (error) {
    return check("SQLite", "error", (error as Error).message, "install Node.js 22.13 or newer, or run `npm install libsql`");
  }
}

/** The packages of optional features. Their versions are the peer ranges of package.json. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "Redis queues": ["bullmq", "ioredis"],
  "RabbitMQ queues": ["amqplib"],
  "NATS queues": ["@nats-io/jetstream", "@nats-io/transport-node"],
  "Test suites": ["vitest"],
};

function packageCheck([feature, packages]: [string, readonly string[]]): Check {
  const missing = packages.filter((name) => !isInstalled(name));
  return missing.length === 0
    ? check(feature, "ok", `${packages.join(" and ")} installed`)
    : check(feature, "note", `${missing.join(" and ")} not installed`, `only if you need it: npm install ${missing.join(" ")}`);
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    // A package for ESM only has no entry point for require.
    return (error as NodeJS.ErrnoException).code === "ERR_PACKAGE_PATH_NOT_EXPORTED";
  }
}

/** Mail hosts expect a full name in EHLO (RFC 5321, 4.1.1.1). */
export function hostNameCheck(name: string): Check {
  const isFull = /^[^.]+(\.[^.]+)+$/.test(name) && !/^localhost\.|\.(local|localdomain|internal)$/i.test(name);
  return isFull
    ? check("Host name", "ok", name)
    : check(
        "Host name",
        "warning",
        `${name} is not a full domain name, and mail hosts may refuse it in EHLO`,
        "set helo_domain or ehlo_name of the input, or name the machine",
      );
}
