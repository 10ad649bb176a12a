import { bash } from "./bash.js";
import { fish } from "./fish.js";
import { zsh } from "./zsh.js";

export const SHELLS = { bash, zsh, fish } as const;
