// What `document_profile` and the template ask for before anything is mapped. The flat profile loads nothing of the
// other.

import type { StorageSettings } from "../config/config.ts";
import type { StorageSource } from "./document.ts";
import type { Hierarchy } from "./hierarchy.ts";

/** Whether rows must say whose offering it is. */
export function wantsProvider({
  documentProfile,
  mountPoint,
}: Pick<StorageSettings, "documentProfile" | "mountPoint">): boolean {
  return documentProfile === "hierarchy" || mountPoint.includes("{provider}");
}

/** What the profile adds to entries; null for the flat one, which needs nothing of it. */
export async function hierarchyOf(
  settings: StorageSettings,
  offering: { uuid: string; slug: string; provider?: StorageSource["provider"] },
): Promise<Hierarchy | null> {
  if (settings.documentProfile === "flat") return null;
  const { createHierarchy } = await import("./hierarchy.ts");
  return createHierarchy(settings, offering);
}
