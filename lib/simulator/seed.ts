// What a world starts with: organisations, projects and resources computed from an index and a seed. A resource costs
// nothing until a page asks for its row, so a million of them are as cheap as ten.

import { mix, slugFrom, slugLength, slugStem, uuidOf } from "./identity.ts";
import {
  type Generation,
  type Offering,
  type Organisation,
  type Project,
  type SimResource,
  stamp,
} from "./model.ts";

export type SeedOptions = {
  generation: Generation;
  seed: number;
  /** Live resources. */
  resources: number;
  /** Terminated resources; they are older than all live ones. */
  terminated: number;
};

/** The unchanging background of a world. The consumer owns `customers[0]` and with it `projects[0]`. */
export type Background = {
  offering: Offering;
  /** A second offering of the same provider; empty until a test fills it. */
  otherOffering: Offering;
  provider: Organisation;
  /** The service provider record of `provider`; not the same as its uuid. */
  providerUuid: string;
  customers: readonly Organisation[];
  projects: readonly Project[];
};

const FIRST_CREATED_MS = Date.UTC(2024, 0, 8, 7, 30);
const CREATED_STEP_MS = 41_000;

const SUBJECTS = [
  "glacier",
  "climate",
  "genome",
  "neutrino",
  "plasma",
  "quantum",
  "seismic",
  "turbine",
  "catalyst",
  "protein",
  "galaxy",
  "weather",
  "photon",
  "polymer",
  "monsoon",
  "cortex",
] as const;
const CUSTOMERS = ["Glacier Institute", "Northern University", "Lakeside Polytechnic", "Physics Consortium"];
const PROJECTS = ["Ice Cores", "Deep Mantle", "Protein Folding", "Storm Tracks", "Dark Matter", "Urban Air"];
const DATA_TYPES = ["store", "store", "store", "scratch", "archive", "users"] as const;
const PERMISSIONS = ["775", "775", "770", "2770"] as const;

export function createBackground(options: SeedOptions): Background {
  const { seed, generation } = options;
  const provider = organisation(options, 0, "Alpine Data Centre");
  const projectCount = clamp(Math.ceil((options.resources + options.terminated) / 25), 6, 3000);
  const customers = Array.from({ length: Math.ceil(projectCount / 3) }, (_, n) =>
    organisation(options, n + 1, nameOf(CUSTOMERS, n)),
  );
  const projects = Array.from({ length: projectCount }, (_, n) => ({
    uuid: uuidOf(seed, "project", n),
    name: nameOf(PROJECTS, n),
    slug: slugOf(PROJECTS, n, generation),
    customer: pick(customers, n),
  }));
  return {
    offering: offering(options, 0, { name: "Cold Store", provider }),
    otherOffering: offering(options, 1, { name: "Warm Store", provider }),
    provider,
    providerUuid: uuidOf(seed, "provider", 0),
    customers,
    projects,
  };
}

function organisation({ seed, generation }: SeedOptions, n: number, name: string): Organisation {
  const slug =
    n === 0 ? slugFrom(slugStem(name, generation), 1, generation) : slugOf(CUSTOMERS, n - 1, generation);
  return { uuid: uuidOf(seed, "customer", n), name, slug };
}

function offering(
  { seed, generation }: SeedOptions,
  n: number,
  { name, provider }: Pick<Offering, "name" | "provider">,
): Offering {
  return {
    uuid: uuidOf(seed, "offering", n),
    name,
    slug: slugFrom(slugStem(name, generation), 1, generation),
    type: "Marketplace.Slurm",
    provider,
    planUuid: uuidOf(seed, "plan", n),
    state: "Active",
    ownerMayChangeComponents: true,
    components: [
      {
        uuid: uuidOf(seed, "component", n),
        type: "storage",
        name: "Storage",
        billingType: "limit",
        measuredUnit: "TB",
        extra: {},
      },
    ],
  };
}

/** Several objects may have one name; their slugs differ by number. */
function nameOf(names: readonly string[], n: number): string {
  return pick(names, n);
}

function slugOf(names: readonly string[], n: number, generation: Generation): string {
  return slugFrom(slugStem(pick(names, n), generation), Math.floor(n / names.length) + 1, generation);
}

/** The resource with this index as the world begins: Terminated for the oldest ones, then OK. */
export function seedResource(options: SeedOptions, background: Background, index: number): SimResource {
  const { seed, generation } = options;
  const random = mix(seed, index);
  const subject = pick(SUBJECTS, index);
  const dataType = pick(DATA_TYPES, random >>> 4);
  const nth = Math.floor(index / SUBJECTS.length) + 1;
  const name = `${subject}-${dataType}-${nth}`;
  const slug = slugFrom(seededStem(subject, dataType, generation), nth, generation);
  const created = createdAt(index);
  return {
    index,
    uuid: uuidOf(seed, "resource", index),
    offeringUuid: background.offering.uuid,
    name,
    slug,
    state: index < options.terminated ? "Terminated" : "OK",
    limits: { storage: 1 + ((random >>> 8) % 500) },
    attributes: { name, permissions: pick(PERMISSIONS, random >>> 20), storage_data_type: dataType },
    options: null,
    backendId: slug,
    backendMetadata: {},
    project: pick(background.projects, index % 7 === 0 ? 0 : random >>> 3),
    hasPlan: true,
    allocationUuid: generation === "2024" ? uuidOf(seed, "allocation", index) : null,
    allocationReady: false,
    created,
    modified: created,
    errorMessage: "",
    wire: {},
  };
}

/** The stem of `subject-dataType-nth`: all subjects are long enough that the number is cut off. */
function seededStem(subject: string, dataType: string, generation: Generation): string {
  return `${subject}-${dataType}`.slice(0, slugLength(generation));
}

/** When the n-th thing of a world was created. */
export function createdAt(n: number): string {
  return stamp(new Date(FIRST_CREATED_MS + n * CREATED_STEP_MS));
}

/** The highest number that seeded slugs with this stem carry. */
export function lastSeededSlug(stem: string, count: number): number {
  return SUBJECTS.some((subject) => stem.startsWith(subject) || subject.startsWith(stem))
    ? Math.ceil(count / SUBJECTS.length)
    : 0;
}

function pick<T>(from: readonly T[], n: number): T {
  const one = from[n % from.length];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}

function clamp(n: number, low: number, high: number): number {
  return Math.min(Math.max(n, low), high);
}
