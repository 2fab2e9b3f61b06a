// What can be wrong with a setup before its first run, or between two runs, one by one; a test puts any of them
// together.

import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import type { ExitCode } from "../../lib/errors.ts";
import type { Stage } from "../stage.ts";

/** The parts of a setup that a fault may spoil. */
export type Setup = Stage & {
  /** Of both modes. */
  metricsFile: string;
};

export type SetupFault = {
  spoil(setup: Setup): void;
  /** `check` is stricter here than a run (docs/contract.md, "Check"), and ends with this. */
  strict?: ExitCode;
};

const OTHER_USER = 4242;
const state = ({ out }: Setup) => join(out, ".waldur-cscs-storage");

/** Replaces text of the configuration. */
function edit(from: RegExp, to: string): SetupFault {
  return { spoil: (setup) => rewrite(setup, from, to) };
}

export function rewrite({ configPath }: Pick<Stage, "configPath">, from: RegExp, to: string): void {
  writeFileSync(configPath, readFileSync(configPath, "utf8").replace(from, to));
}

/** Another line of `backend_settings`. */
function setting(line: string): SetupFault {
  return edit(/( +)output_directory:/, `$1${line}\n$1output_directory:`);
}

function server(...faults: string[]): SetupFault {
  return { spoil: ({ simulator }) => simulator.setFaults(faults) };
}

function inState(act: (directory: string) => void): SetupFault {
  return {
    spoil(setup) {
      mkdirSync(state(setup), { recursive: true, mode: 0o700 });
      act(state(setup));
    },
  };
}

const TOKEN = /(waldur_api_token: ).*/;

/** Put together they are applied in this order: the first ones take away what later ones change. */
export const SETUP_FAULTS = {
  "no output directory": { spoil: ({ out }) => rmSync(out, { recursive: true }) },
  "a file as output directory": {
    spoil({ out }) {
      rmSync(out, { recursive: true });
      writeFileSync(out, "");
    },
  },
  "a link as state directory": {
    spoil(setup) {
      rmSync(state(setup), { recursive: true, force: true });
      mkdirSync(join(setup.directory, "elsewhere"));
      mkdirSync(setup.out, { recursive: true });
      symlinkSync(join(setup.directory, "elsewhere"), state(setup));
    },
  },
  "a wrong token": edit(TOKEN, "$1 0123456789abcdef0123456789abcdef01234567"),
  "a placeholder for the token": edit(TOKEN, "$1 $${WALDUR_TOKEN}"),
  "a stranger's token": {
    spoil: (setup) => rewrite(setup, TOKEN, `$1 ${setup.simulator.strangerToken}`),
  },
  "a consumer's token": {
    spoil: (setup) => rewrite(setup, TOKEN, `$1 ${setup.simulator.consumerToken}`),
  },
  "an unknown offering": edit(/(waldur_offering_uuid: ).*/, "$1 0123456789abcdef0123456789abcdef"),
  "an offering of another type": {
    spoil: ({ world }) => {
      world.offering.type = "Marketplace.Basic";
    },
  },
  "a misspelt key": edit(/output_directory:/, "output_dir:"),
  "a wrong value": setting("acceptance: perhaps"),
  "a configuration that everybody can read": {
    spoil: ({ configPath }) => chmodSync(configPath, 0o644),
  },
  "another component": {
    ...edit(/( +)backend_settings:/, "$1backend_components: { volume: {} }\n$1backend_settings:"),
    strict: 10,
  },
  "a template with data types and no list of them": {
    ...setting('mount_point: "/x/{data_type}/{tenant}/{customer}/{project}"'),
    strict: 78,
  },
  "a component of another unit": {
    spoil({ world }) {
      for (const component of world.offering.components) component.measuredUnit = "GB";
    },
  },
  "a GID map that is missing": setting("unix_gid: file:missing.csv"),
  "a GID map with a fault": {
    spoil(setup) {
      writeFileSync(join(setup.directory, "gids.csv"), "a,0\n");
      setting("unix_gid: file:gids.csv").spoil(setup);
    },
    strict: 78,
  },
  "an output directory whose parent is missing": edit(/(output_directory: ).*/, "$1 /nonexistent/a/b"),
  "an output directory that everybody can write": { spoil: ({ out }) => chmodSync(out, 0o777) },
  "an output directory that a group can write": {
    spoil({ out }) {
      chownSync(out, 0, OTHER_USER);
      chmodSync(out, 0o775);
    },
  },
  "an output directory of another user": { spoil: ({ out }) => chownSync(out, OTHER_USER, OTHER_USER) },
  "a shared output directory, accepted": {
    spoil(setup) {
      chmodSync(setup.out, 0o777);
      setting("allow_shared_directory: true").spoil(setup);
    },
  },
  "a mount that is missing": {
    spoil(setup) {
      setting(`require_mount: ${JSON.stringify(setup.directory)}`).spoil(setup);
    },
  },
  "something in the place of the latest link": {
    spoil(setup) {
      mkdirSync(setup.out, { recursive: true });
      writeFileSync(join(setup.out, "latest-all.json"), "{}");
      setting("latest_link: true").spoil(setup);
    },
    strict: 73,
  },
  "a state directory of another user": inState((path) => chownSync(path, OTHER_USER, OTHER_USER)),
  "a state directory that others can read": inState((path) => chmodSync(path, 0o755)),
  "a directory as lock": inState((path) => {
    for (const mode of ["sync", "orders"]) {
      rmSync(join(path, `lock-${mode}`), { force: true });
      mkdirSync(join(path, `lock-${mode}`));
    }
  }),
  "garbage in a lock": inState((path) => writeFileSync(join(path, "lock-sync"), "garbage".repeat(1000))),
  "garbage in the lock of claims": {
    ...inState((path) => writeFileSync(join(path, "lock-claims"), "garbage".repeat(1000))),
    strict: 73,
  },
  "a directory as snapshot.json": inState((path) => {
    rmSync(join(path, "snapshot.json"), { force: true });
    mkdirSync(join(path, "snapshot.json"));
  }),
  "state of another user": inState((path) => {
    writeFileSync(join(path, "snapshot.json"), "{}");
    chownSync(join(path, "snapshot.json"), OTHER_USER, OTHER_USER);
  }),
  "broken state": inState((path) => {
    writeFileSync(join(path, "snapshot.json"), "{");
    writeFileSync(join(path, "claims"), "{");
  }),
  "a file in the place of the receipts": {
    ...inState((path) => {
      rmSync(join(path, "receipts"), { recursive: true, force: true });
      writeFileSync(join(path, "receipts"), "");
    }),
    strict: 73,
  },
  "the snapshot of another offering": {
    spoil({ out }) {
      const meta = { date: "2026-01-01T00:00:00Z", offering: { uuid: "f".repeat(32), slug: "other" } };
      mkdirSync(out, { recursive: true });
      writeFileSync(
        join(out, "2035-01-01-00-00-all.json"),
        JSON.stringify({ status: "success", code: 200, meta, result: { storageResources: [] } }, null, 2),
      );
    },
  },
  "a metrics file that is a directory": { spoil: ({ metricsFile }) => mkdirSync(metricsFile) },
  "a metrics file in a directory that is missing": {
    spoil(setup) {
      setup.metricsFile = "/nonexistent/a.prom";
    },
  },
  "a proxy that is not there": edit(/^offerings:/m, "global_proxy: http://127.0.0.1:1\nofferings:"),
  "a server that is down": edit(/(waldur_api_url: ).*/, "$1 http://127.0.0.1:1/api/"),
  "a server that speaks no TLS": edit(/(waldur_api_url: )http:/, "$1 https:"),
  "another address of the server": edit(/(waldur_api_url: .*)\/api\//, "$1/elsewhere/api/"),
  "orders that may not be seen": server("403-on-orders"),
  "resources that may not be seen": server("403@marketplace-provider-resources"),
  "an offering that may not be seen": server("403@marketplace-provider-offerings"),
  "a user that is not shown": server("403@users/me"),
  "a login page": server("html"),
  "a page of errors": server("html-500"),
  "a server without the endpoints": server("404-html"),
  "a redirect": server("redirect"),
  "broken answers": server("broken-json"),
  "a filter that is ignored": server("ignored-filter"),
  "rows of another offering": server("wrong-offering"),
  "lists that lack a row": server("missing-row"),
  "a resource that cannot be mapped": server("bad-resource"),
  "empty lists": server("empty-list"),
  "most resources gone": {
    spoil({ world }) {
      const live = world.resources().filter((resource) => resource.state === "OK");
      for (const { uuid } of live.slice(5)) world.terminate(uuid);
    },
  },
  "two resources that want one path": {
    spoil({ world }) {
      world.addResource({ slug: "same" });
      world.addResource({ slug: "same" });
    },
  },
} as const satisfies Readonly<Record<string, SetupFault>>;
