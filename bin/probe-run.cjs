#!/usr/bin/env node
// Committed, while dist/ is built: npm links a command only if its file is there when it installs.
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { keepCompiled } = require("./compile-cache.cjs");

const command = join(__dirname, "../dist/cli.cjs");
keepCompiled();
if (existsSync(command)) require(command);
else {
  process.stderr.write(
    "probe-run: could not run: it is not built yet (an install with ignore-scripts does not build)\n  run `npm run build` in the package's folder\n",
  );
  process.exitCode = 3;
}
