// Rules about backend ids, by which Waldur remembers what the storage is called.

import { said, tableOf, textOf } from "./api.ts";
import type { Rule } from "./rule.ts";
import { once, place, readResource, type Site, setBackendId } from "./site.ts";

/** Rules that leave one pending order behind. */
export function backendIdRules(): Rule[] {
  const resource = once(async (site) => (await place(site, "backend-id")).resource);
  const sets = (backend_id: unknown) => async (site: Site) => {
    const answer = await setBackendId(site, await resource(site), { backend_id });
    const row = await readResource(site, await resource(site));
    const status = textOf(tableOf(answer), "status");
    const reply = status === "" ? said(answer) : `${said(answer)} ${status}`;
    return `${reply}; ${JSON.stringify(row.backend_id)}, ${textOf(row, "state")}`;
  };
  return [
    {
      name: "a new resource has no backend id",
      expected: '""',
      see: async (site) => JSON.stringify((await readResource(site, await resource(site))).backend_id),
    },
    {
      name: "a backend id is set, and changes no state",
      expected: '200 Resource backend_id has been changed.; "contract-1", Creating',
      see: sets("contract-1"),
    },
    {
      name: "the same backend id again is no change",
      expected: '200 Resource backend_id is not changed.; "contract-1", Creating',
      see: sets("contract-1"),
    },
    {
      name: "white space around a backend id goes",
      expected: '200 Resource backend_id has been changed.; "contract-2", Creating',
      see: sets("  contract-2 "),
    },
    {
      name: "a backend id of more than 255 characters is refused",
      expected: '400 backend_id: Ensure this field has no more than 255 characters.; "contract-2", Creating',
      see: sets("x".repeat(256)),
    },
    {
      name: "null is no backend id",
      expected: '400 backend_id: This field may not be null.; "contract-2", Creating',
      see: sets(null),
    },
    {
      name: "an empty backend id clears it",
      expected: '200 Resource backend_id has been changed.; "", Creating',
      see: sets(""),
    },
    {
      name: "a path is a backend id",
      expected: '200 Resource backend_id has been changed.; "/store/a/b", Creating',
      see: sets("/store/a/b"),
    },
  ];
}
