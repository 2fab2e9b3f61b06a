// Waldur's own words, each once: where its lists are, the states of resources and orders, the types of orders. What
// they mean for an agent is in docs/waldur.md. A server may know more words than these; one that is not known here is a
// problem of its row or order, never a guess.

export const RESOURCES_PATH = "marketplace-provider-resources/";
export const ORDERS_PATH = "marketplace-orders/";
export const OFFERINGS_PATH = "marketplace-provider-offerings/";
export const GROUPS_PATH = "marketplace-service-provider-project-groups/";
export const PROVIDERS_PATH = "marketplace-service-providers/";
/** The user of the token. */
export const ME_PATH = "users/me/";

/** The only offering type whose orders an outside agent may move. */
export const SITE_AGENT_TYPE = "Marketplace.Slurm";

/** Every state in which a resource exists; Terminated is the only other one that Waldur has. */
export const LIVE_STATES = ["Creating", "OK", "Updating", "Terminating", "Erred"] as const;

export const ORDER_TYPES = ["Create", "Update", "Terminate", "Restore"] as const;

/** The only states of orders that an agent acts on. */
export const OPEN_STATES = ["pending-provider", "executing"] as const;
/** From which no order comes back. */
export const ENDED_STATES = ["done", "erred", "rejected", "canceled"] as const;
/** The consumer's side has not agreed yet. */
export const PENDING_CONSUMER = ["pending-consumer"] as const;
/**
 * The same, and two more states that only newer servers know; a list that is asked for with an unknown one is a 400.
 */
export const NOT_AGREED = [...PENDING_CONSUMER, "pending-project", "pending-start-date"] as const;
