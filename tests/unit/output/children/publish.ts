// Does one thing to an output and prints what came of it: `bun publish.ts DIRECTORY
// replace|claim|claim-taken|close|again|link`.

import type { Output } from "../../../../lib/output/directory.ts";
import { createTemporary, replaceFile } from "../../../../lib/output/durable.ts";
import { draftOrderFile } from "../../../../lib/output/order-file.ts";
import type { Receipt } from "../../../../lib/output/receipt.ts";
import { claimReceipt, closeReceipt } from "../../../../lib/output/receipts.ts";
import { linkLatest } from "../../../../lib/output/retention.ts";
import { openHere } from "./open.ts";

const UUID = "0123456789abcdef0123456789abcdef";
const FILE = `2026-11-25-07-49-create_${UUID}.json`;

const RECEIPT: Receipt = {
  version: 1,
  offering: "f".repeat(32),
  order: UUID,
  type: "create",
  file: FILE,
  resource: "f".repeat(32),
  mountPoint: "/store/a",
  claimedAt: "2026-11-25T07:49:00.000Z",
  published: false,
};

const [directory = "", action] = process.argv.slice(2);
try {
  const output = openHere(directory, "orders");
  console.log(JSON.stringify(act(output) ?? null));
  output.close();
} catch (error) {
  console.log(`${error instanceof Error ? `${error.name}: ${error.message}` : error}`);
}

function act(output: Output): unknown {
  if (action === "replace")
    return replaceFile(output, { name: "file.json", place: "public" }, "the new text\n");
  if (action === "claim-taken") return claimTaken(output);
  if (action === "link") return linkLatest(output, "2026-11-25-07-49-all.json");
  if (action === "close") return closeReceipt(output, RECEIPT, { state: "done" });
  if (action === "again") {
    const compare = (existing: string) => (existing === "text\n" ? "same" : "differs");
    return draftOrderFile(output, { name: FILE, text: "text\n", compare }).publish();
  }
  return claimReceipt(output, RECEIPT);
}

function claimTaken(output: Output): boolean {
  replaceFile(output, { name: "name", place: "state" }, "the first");
  const temporary = createTemporary(output, "state");
  temporary.seal();
  return temporary.claim("name");
}
