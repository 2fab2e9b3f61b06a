// Which offerings of the site agent's file are for this program.

import { isYamlMap, type YamlMap } from "../yaml/map.ts";

export const BACKEND = "cscs-hpc-storage";

/** Which of the two modes takes an offering, by what the file says of it. */
export function modesOf(offering: YamlMap): { sync: boolean; orders: boolean } {
  const isOf = (name: string) => backendOf(offering, name) === BACKEND;
  return { sync: isOf("backend_type"), orders: isOf("order_processing_backend") };
}

export function backendOf(offering: YamlMap, name: string): string | null {
  const value = offering[name];
  return typeof value === "string" ? value.trim().toLowerCase() : null;
}

export function isOurs(offering: unknown): offering is YamlMap {
  if (!isYamlMap(offering)) return false;
  const { sync, orders } = modesOf(offering);
  return sync || orders;
}
