/** A named group of members (contract 6.8). A team shows who is in charge; rights come from roles. */
export interface Team {
  readonly teamId: number;
  /** Unique among the teams that are not deleted. */
  readonly name: string;
  readonly description: string;
  readonly refId: string;
  /** Ascending, without deleted members. */
  readonly personIds: readonly number[];
  readonly creatorId: number;
  readonly updatedBy: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Teams per installation: all are held in memory. */
export const teamsMax = 500;
