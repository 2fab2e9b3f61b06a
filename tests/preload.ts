// Loaded by `bun test` before the test files (bunfig.toml): a hook of a file that they share would run for the first only.

import { afterAll } from "bun:test";
import { sweepFaketime } from "./faketime.ts";
import { removeScratch } from "./scratch.ts";

afterAll(removeScratch);
afterAll(sweepFaketime);
