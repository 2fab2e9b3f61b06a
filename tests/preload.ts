// Loaded by `bun test` before the test files (bunfig.toml): a hook of a file that they share would run for the first
// only.

import { afterAll, setDefaultTimeout } from "bun:test";
import { sweepFaketime } from "./faketime.ts";
import { removeScratch } from "./scratch.ts";

/** A test that hangs ends, one on a busy machine continues. */
setDefaultTimeout(60_000);

afterAll(removeScratch);
afterAll(sweepFaketime);
