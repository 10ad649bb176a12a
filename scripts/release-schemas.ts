import { cpSync, rmSync } from "node:fs";
import { inRepo } from "./repo.js";

// Part of a release: from now on, these are the contracts that somebody relies on.
rmSync(inRepo("schemas/released"), { recursive: true, force: true });
cpSync(inRepo("schemas/json"), inRepo("schemas/released"), { recursive: true });
