// What Linux takes as the number of a group, or of a user.

/** The last one: to the kernel the number above it means "no group". */
export const LAST_GID = 4_294_967_294;
