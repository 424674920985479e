import type { ChannelDirectory } from '../channels/channel.ts';
import type { NoiseDirectory } from '../channels/noise-rule.ts';
import type { Directory } from '../events/directory.ts';
import type { People } from '../members/people.ts';
import type { RuleDirectory } from './escalation/rule.ts';
import type { FieldDirectory } from './fields/field.ts';

/** The part of the configuration that changes of alerts and incidents read. */
export interface IncidentConfig {
  readonly people: People;
  readonly channels: ChannelDirectory;
  readonly noise: NoiseDirectory;
  readonly fields: FieldDirectory;
  readonly escalationRules: RuleDirectory;
}

/** The configuration and the names as of the transaction. */
export interface Surroundings {
  readonly config: IncidentConfig;
  readonly directory: Directory;
}
