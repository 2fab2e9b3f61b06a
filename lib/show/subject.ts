// What is asked about: an order or a resource by its uuid, or a mount point. A uuid alone does not say which of the two
// it is; the files mostly do.

/** `uuid`: of an order or a resource, 32 hex digits. */
export type Subject = { uuid: string } | { path: string };

/** The same path in another composition of its characters is the same path. */
export function isSamePath(one: string | null, other: string): boolean {
  return one !== null && (one === other || one.normalize("NFC") === other.normalize("NFC"));
}

export function showSubject(subject: Subject): string {
  return "uuid" in subject ? subject.uuid : subject.path;
}
