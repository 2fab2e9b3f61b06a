import { expect, test } from "bun:test";
import { chmodSync, chownSync, statSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../../lib/output/durable.ts";
import { openScratch, scratchDirectory } from "./scratch.ts";

const CAN = process.getuid?.() === 0;
const GROUP = 33;

test.skipIf(!CAN)("what is published has the group of a setgid directory; the state keeps its own", () => {
  for (const [mode, expected] of [
    [0o2755, GROUP],
    [0o755, process.getgid?.() ?? -1],
  ] as const) {
    const directory = scratchDirectory();
    const output = openScratch({ directory });
    chownSync(directory, 0, GROUP);
    chmodSync(directory, mode);
    replaceFile(output, { name: "all.json", place: "public" }, "{}");
    replaceFile(output, { name: "x.json", place: "state" }, "{}");
    expect(statSync(join(directory, "all.json"))).toMatchObject({ gid: expected });
    expect(statSync(join(directory, "all.json")).mode & 0o777).toBe(output.fileMode);
    expect(statSync(join(output.statePath, "x.json")).gid).toBe(process.getgid?.() ?? -1);
  }
});
