const { mkdirSync, statSync } = require("node:fs");
const { enableCompileCache } = require("node:module");
const { homedir } = require("node:os");
const { join } = require("node:path");

/**
 * Has Node keep what it compiled for the next start, where it can (from 22.1 on). Not in CI, where the next start is on another machine.
 * NODE_DISABLE_COMPILE_CACHE=1 switches it off, and NODE_COMPILE_CACHE names another folder: both are Node's own.
 */
function keepCompiled(env = process.env) {
  if (enableCompileCache === undefined || env.CI || env.NODE_DISABLE_COMPILE_CACHE || env.NODE_COMPILE_CACHE) return;
  try {
    const folder = join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "probe-run/compiled");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOurs(folder)) enableCompileCache(folder);
  } catch {
    // Nothing can be written there: each start compiles anew.
  }
}

/** What lies there is run: a folder that another user may write (the home of another user, with sudo) is not used. */
function isOurs(folder) {
  const { uid, mode } = statSync(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

module.exports = { keepCompiled };
