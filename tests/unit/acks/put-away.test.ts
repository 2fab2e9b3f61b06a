// Moving acks in a directory where another process writes at the same time.

import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expire, moveAck } from "../../../lib/acks/put-away.ts";
import { identityOf } from "../../../lib/acks/read.ts";
import { scratchDirectory } from "../../scratch.ts";

const ORDER = "a".repeat(32);
const NAME = `${ORDER}.json`;

/** As a provisioner answers: under another name, and renamed. */
function answer(directory: string, text: string): void {
  writeFileSync(join(directory, "tmp"), text);
  renameSync(join(directory, "tmp"), join(directory, NAME));
}

test("an ack that was replaced before the move is moved back, and is read later", () => {
  const directory = scratchDirectory("acks-");
  mkdirSync(join(directory, "rejected"));
  answer(directory, "{");
  const found = {
    order: ORDER,
    name: NAME,
    identity: identityOf(lstatSync(join(directory, NAME))),
    fault: "",
  };
  const at = (name: string) => {
    // The last thing before the move: the folder is opened.
    if (name === "rejected") answer(directory, '{"result":"done"}');
    return join(directory, name);
  };
  expect(moveAck(found, { folder: "rejected", at, now: new Date() })).toBe(false);
  expect(readFileSync(join(directory, NAME), "utf8")).toBe('{"result":"done"}');
  expect(readdirSync(join(directory, "rejected"))).toEqual([]);
});

test("only what has the name of a processed ack is removed when its days are over", () => {
  const directory = scratchDirectory("acks-");
  const processed = join(directory, "processed");
  mkdirSync(processed);
  const [old, young] = [1000, 5000].map((time) => `${ORDER}-${time}-0123abcd.json`);
  const others = [`${ORDER}-1000.json`, `notes-1000-0123abcd.json`, `${ORDER}-1000-0123abcd.json.txt`];
  for (const name of [old ?? "", young ?? "", ...others]) writeFileSync(join(processed, name), "");
  expire((name) => join(directory, name), 5000);
  expect(readdirSync(processed).sort()).toEqual([young ?? "", ...others].sort());
});
