// The maps that the file consists of, with the keys of ours in each.

import { Component, File, Offering, Settings } from "./schema.ts";

export type Level = "top" | "offering" | "settings" | "component";

/** Keys that this program reads, in the order of the schema. */
export const OWN_KEYS: Readonly<Record<Level, readonly string[]>> = {
  top: Object.keys(File.entries),
  offering: Object.keys(Offering.entries),
  settings: Object.keys(Settings.entries),
  component: Object.keys(Component.entries),
};

export const NAME_OF_LEVEL: Readonly<Record<Level, string>> = {
  top: "the top level of the file",
  offering: "an offering",
  settings: "backend_settings",
  component: "a component",
};
