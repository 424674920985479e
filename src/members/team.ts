/** Members under one name (contract 6.8). Teams say who looks after a thing; what a member may do is its role. */
export interface Team {
  readonly teamId: number;
  /** Unique among the teams that are not deleted. */
  readonly name: string;
  readonly description: string;
  readonly refId: string;
  /** Rising; none of them deleted. */
  readonly personIds: readonly number[];
  readonly creatorId: number;
  readonly updatedBy: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The most teams of an installation: all of them are held in memory. */
export const teamsMax = 500;
