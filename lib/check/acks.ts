// The directory in which the provisioner answers: whose it is, and whether answers can be read there and put away.

import { type AckPlace, acksDirectory, openAcks } from "../acks/place.ts";
import type { OfferingConfig } from "../config/config.ts";
import { AppError, EXIT, type ExitCode } from "../errors.ts";
import { answerOf, lookInto } from "../places/answers.ts";
import { showMode, showUser } from "../places/owners.ts";
import { plural } from "../report/summary.ts";
import type { CheckContext } from "./context.ts";
import type { Findings } from "./findings.ts";

/** @returns what a pass would end with for it */
export async function checkAcks(
  { orders, settings }: OfferingConfig,
  { options, end, surroundings }: CheckContext,
  findings: Findings,
): Promise<ExitCode> {
  if (!orders || settings.completion !== "on-ack") return EXIT.ok;
  const path = acksDirectory(settings);
  try {
    const limits = { silenceMs: options.silenceMs, signal: end.signal };
    await answerOf(lookInto(path), `the directory of acks ${path}`, limits);
    const place = openAcks(path, { now: surroundings.now, allowShared: settings.allowSharedDirectory });
    if (place === null)
      return settings.acksDirectory === null ? toBeMade(path, findings) : missing(path, findings);
    if ("fault" in place) {
      findings.fail("acks", place.fault, { hint: place.hint, exitCode: EXIT.problems });
      return EXIT.problems;
    }
    describe(path, place, findings);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    findings.failWith("acks", error);
    return error.exitCode;
  }
}

function toBeMade(path: string, findings: Findings): ExitCode {
  findings.ok("acks", `${path} is made by the first pass`);
  return EXIT.ok;
}

function missing(path: string, findings: Findings): ExitCode {
  findings.fail("acks", `${path} does not exist`, {
    hint: "create it for the user of the provisioner: install -d -m 2770 -o USER -g GROUP DIR",
    exitCode: EXIT.problems,
  });
  return EXIT.problems;
}

function describe(path: string, place: AckPlace, findings: Findings): void {
  try {
    const { owner, mode, canMove } = place.about();
    if (!canMove)
      findings.warn("acks", `this user cannot change ${path}: acks cannot be moved after they were read`, {
        hint: `make it writable by its group, and add this user to it: chmod g+rwxs ${path}`,
      });
    const count = plural(place.orders(new Set()).length, "ack");
    findings.ok("acks", `${path}, of ${showUser(owner)}, mode ${showMode(mode)}; ${count} unread`);
  } finally {
    place.close();
  }
}
