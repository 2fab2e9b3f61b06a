// `check` inside this process, as tests/stage.ts runs both modes.

import { tmpdir } from "node:os";
import { checkSetup } from "../lib/check/check.ts";
import type { CheckOptions } from "../lib/check/context.ts";
import type { CheckReport, Finding, ItemName } from "../lib/check/report.ts";
import { showCheck } from "../lib/check/shown.ts";
import type { ExitCode } from "../lib/errors.ts";
import type { Surroundings } from "../lib/run/options.ts";
import { surroundings } from "./stage.ts";

export type CheckHereOptions = Partial<CheckOptions> & Partial<Pick<Surroundings, "now" | "env">>;

export function checkHere(configPath: string, options: CheckHereOptions = {}): Promise<CheckReport> {
  const { checked, surroundings: around } = whatToCheck(configPath, options);
  return checkSetup(checked, around, () => undefined);
}

/** The text of a check, 80 columns wide. */
export async function checkShown(configPath: string): Promise<{ text: string; exitCode: ExitCode }> {
  const { checked, surroundings: around } = whatToCheck(configPath, {});
  let text = "";
  const show = (more: string) => {
    text += more;
  };
  const { exitCode } = await showCheck(checked, around, { width: 80, show });
  return { text, exitCode };
}

function whatToCheck(
  configPath: string,
  { now = () => new Date(), env = {}, ...options }: CheckHereOptions,
): { checked: CheckOptions; surroundings: Surroundings } {
  const checked = {
    configPath,
    offeringUuids: [],
    silenceMs: 2000,
    deadlineMs: 60_000,
    retries: 0,
    allowInsecureConfig: false,
    metricsFiles: [],
    ...options,
  };
  const around = { cwd: tmpdir(), level: "quiet", write: () => undefined } as const;
  return { checked, surroundings: surroundings({ ...around, now, env }) };
}

/** Statuses of an item, such as `["ok"]`. */
export function statusesOf({ items }: CheckReport, item: ItemName): Finding["status"][] {
  return items.filter((finding) => finding.item === item).map(({ status }) => status);
}

/** The findings of an item in words, with their hints. */
export function wordsOf({ items }: CheckReport, item: ItemName): string {
  return items
    .filter((finding) => finding.item === item)
    .map(({ status, message, hint }) => `${status} ${message}${hint === undefined ? "" : ` hint: ${hint}`}`)
    .join("\n");
}

/** What was not found to be right. */
export function complaintsOf({ items }: CheckReport): string[] {
  return items
    .filter(({ status }) => status === "fail" || status === "warn")
    .map(({ item, status, message }) => `${status} ${item}: ${message}`);
}
