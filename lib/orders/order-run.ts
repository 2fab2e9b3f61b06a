// The input of the handling of one order.

import type { OrderClaims } from "../claims/order-claims.ts";
import type { OrderReport } from "../report/report.ts";
import type { Job } from "../run/job.ts";
import type { Mapper } from "../storage/mapper.ts";
import type { WaldurOffering } from "../waldur/wire-offering.ts";
import type { PassAcks } from "./acks.ts";
import type { OrdersEnd } from "./end.ts";

/** What the handling of every order of the pass needs. */
export type Pass = {
  offering: WaldurOffering;
  mapper: Mapper;
  claims: OrderClaims;
  /** null unless `completion` is on-ack, or where there is no directory of acks. */
  acks: PassAcks | null;
};

/** What the handling of one order needs; it fills in the line's calls and state. */
export type OrderRun = { job: Job; pass: Pass; end: OrdersEnd; line: OrderReport };
