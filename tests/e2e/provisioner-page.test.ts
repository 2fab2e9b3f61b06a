// What docs/provisioner.md asks an administrator to type is typed here, in a copy of this machine and against a
// simulated Waldur, to orders that are done.

import { expect, test } from "bun:test";
import { ROOT, readPage, type ShownCommand } from "../pages.ts";
import { configText, openStage } from "../stage.ts";
import { NEEDS_COPY, runOnCopy } from "./machine.ts";
import { CAN_PROVISION, NEEDS_PROVISIONER } from "./provisioner-site.ts";

const page = readPage("docs/provisioner.md");
const ORDERS = "runuser -u waldur-storage -- waldur-cscs-storage orders -c /etc/waldur/config.yaml";
const as = (line: string): ShownCommand => ({ line, asRoot: true, code: 0 });

/**
 * The gateway, and what else there is at a site: a file system, and in the place of Lustre something that writes down.
 */
const BEFORE = [
  "useradd --system --shell /usr/sbin/nologin waldur-storage",
  "install -m 755 dist/waldur-cscs-storage /usr/local/bin/",
  "chmod 755 /usr/local/bin/lfs",
  "chown -R waldur-storage /etc/waldur/config.yaml",
  "chmod 600 /etc/waldur/config.yaml",
  "install -d -o waldur-storage /srv/storage-orders",
  "install -d -m 755 /cold-store",
];

test("every command of the page is run here or in another test", () => {
  for (const { line, asRoot } of page.commands())
    if (!asRoot)
      expect(line).toMatch(/^(printf '\{"result":"done"\}'|mv \/srv\/storage-orders\/acks\/|jq -r )/);
});

test.skipIf(NEEDS_COPY !== "" || !CAN_PROVISION)(
  `an administrator who types what the page of the provisioner shows has a provisioner${NEEDS_COPY}${NEEDS_PROVISIONER}`,
  async () => {
    const stage = await openStage({
      config: (place) =>
        configText(
          { ...place, out: "/srv/storage-orders" },
          { completion: "on-ack", use_mock_target_items: true },
        ),
    });
    const [one, two] = ["one", "two"].map((name) => stage.world.addOrder({ type: "Create", name }));
    try {
      const cron = page.blocks("cron").map((line) => as(line.trim().split(" ").slice(6).join(" ")));
      const shown = page.commands().flatMap((command): ShownCommand[] => {
        if (command.line.startsWith("jq -r ")) return [];
        // A pass publishes; cron starts the provisioner; another pass takes up its answers, and a snapshot has it all.
        if (command.line === "storage-provisioner init")
          return [command, as(ORDERS), ...cron, as(ORDERS), as(ORDERS.replace("orders", "sync"))];
        return [command];
      });
      const after = [as("cat /tmp/lfs.log"), as("stat -c '%a %g' /cold-store/store/*/*/*")];
      const script = [...BEFORE.map(as), as(`ORDER=${one?.uuid}`), ...shown, ...after];
      const steps = await runOnCopy(script, {
        shared: stage.directory,
        files: {
          "/etc/waldur/config.yaml": await Bun.file(stage.configPath).text(),
          "/usr/local/bin/lfs": '#!/bin/sh\necho "$*" >>/tmp/lfs.log\n',
          [`${ROOT}/provisioner.conf`]: page.blocks("sh").join(""),
        },
      });
      const ended = steps.filter(({ code, expected }) => code !== expected);
      expect(ended.map(({ line, code, stderr }) => `${line}\nended with ${code}: ${stderr}`)).toEqual([]);
      expect(steps).toHaveLength(script.length);
      expect([one?.state, two?.state]).toEqual(["done", "done"]);
      const [quotas, modes] = steps.slice(-2).map(({ stdout }) => stdout.trim().split("\n"));
      expect(quotas).toHaveLength(2);
      for (const line of quotas ?? [])
        expect(line).toMatch(/^setquota -g 3\d{4} -b \d+ -B \d+ -i \d+ -I \d+ \/cold-store$/);
      expect(modes).toEqual([expect.stringMatching(/^775 3\d{4}$/), expect.stringMatching(/^775 3\d{4}$/)]);
    } finally {
      await stage.close();
    }
  },
  60_000,
);
