import type { z } from 'zod';
import { defaultSettings, type Channel, type ChannelGroup, type ChannelSettings } from '../../channels/channel.ts';
import type { ChannelChange } from '../../channels/channel-service.ts';
import { seconds } from '../../events/event.ts';
import { likenessKeysDefault } from '../../incidents/grouping/trigram-similarity.ts';
import { noActivity, type ChannelActivity } from '../../incidents/channel-activity-store.ts';
import type { People } from '../../members/people.ts';
import type { Account } from '../../ingestion/push-context.ts';
import type * as shape from '../schemas/channel.ts';

type Input = z.output<typeof shape.channelUpdateRequest> | z.output<typeof shape.channelCreateRequest>;

export function changeOf(input: Partial<Input>): ChannelChange {
  const sent: { [Key in keyof ChannelChange]: ChannelChange[Key] | undefined } = {
    name: input.channel_name,
    description: input.description,
    teamId: input.team_id,
    managingTeamIds: input.managing_team_ids === undefined ? undefined : [...new Set(input.managing_team_ids)],
    group: input.group === undefined ? undefined : groupOf(input.group),
    autoResolveTimeoutSeconds: input.auto_resolve_timeout,
    autoResolveMode: input.auto_resolve_mode,
    disableAutoClose: input.disable_auto_close,
    flapping: input.flapping === undefined ? undefined : flappingOf(input.flapping),
    disableOutlierDetection: input.disable_outlier_detection,
  };
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
}

function groupOf(input: z.output<typeof shape.group>): ChannelGroup {
  const old = input.storm_threshold ?? 0;
  return {
    method: input.method,
    equals: input.equals,
    cases: input.cases ?? [],
    likenessKeys: input.i_keys ?? [],
    likenessThreshold: input.i_score_threshold ?? defaultSettings.group.likenessThreshold,
    allEqualsRequired: input.all_equals_required,
    timeWindowMinutes: input.time_window,
    windowType: input.window_type,
    stormThresholds: [...new Set(input.storm_thresholds ?? (old >= 2 ? [old] : []))].sort((a, b) => a - b),
  };
}

function flappingOf(input: z.output<typeof shape.flapping>): ChannelSettings['flapping'] {
  return {
    isDisabled: input.is_disabled,
    maxChanges: input.max_changes,
    inMins: input.in_mins,
    muteMins: input.mute_mins,
  };
}

export function briefObject(channel: Channel): z.input<typeof shape.channel> {
  return {
    channel_id: channel.channelId,
    channel_name: channel.name,
    description: channel.description,
    status: channel.status,
  };
}

export function channelObject(
  channel: Channel,
  people: People,
  account: Account,
  activity: ChannelActivity = noActivity,
): z.input<typeof shape.channel> {
  const { settings } = channel;
  return {
    ...briefObject(channel),
    account_id: account.accountId,
    team_id: channel.teamId,
    team_name: people.team(channel.teamId)?.name ?? '',
    managing_team_ids: [...settings.managingTeamIds],
    creator_id: channel.creatorId,
    creator_name: people.member(channel.creatorId)?.name ?? '',
    group: groupObject(settings.group),
    flapping: {
      is_disabled: settings.flapping.isDisabled,
      max_changes: settings.flapping.maxChanges,
      in_mins: settings.flapping.inMins,
      mute_mins: settings.flapping.muteMins,
    },
    auto_resolve_timeout: settings.autoResolveTimeoutSeconds,
    auto_resolve_mode: settings.autoResolveMode,
    is_private: false,
    disable_outlier_detection: settings.disableOutlierDetection,
    disable_auto_close: settings.disableAutoClose,
    is_external_report_enabled: false,
    is_starred: false,
    progress_to_incident_cnts: { Triggered: activity.triggered, Processing: activity.processing },
    active_incident_highest_severity: activity.highestSeverity ?? '',
    last_incident_at: seconds(activity.lastIncidentAt),
    created_at: seconds(channel.createdAt),
    updated_at: seconds(channel.updatedAt),
    deleted_at: seconds(channel.deletedAt),
  };
}

function groupObject(group: ChannelGroup): z.input<typeof shape.channel>['group'] {
  return {
    method: group.method,
    equals: group.equals.map((keys) => [...keys]),
    cases: group.cases.map((one) => ({
      if: one.if.map((condition) => ({ ...condition, vals: [...condition.vals] })),
      equals: [...one.equals],
    })),
    ...(group.method === 'i' ? likenessObject(group) : {}),
    all_equals_required: group.allEqualsRequired,
    time_window: group.timeWindowMinutes,
    window_type: group.windowType,
    storm_threshold: group.stormThresholds[0] ?? 0,
    storm_thresholds: [...group.stormThresholds],
  };
}

function likenessObject({ likenessKeys, likenessThreshold }: ChannelGroup) {
  const keys = likenessKeys.length > 0 ? likenessKeys : likenessKeysDefault;
  return { i_keys: [...keys], i_score_threshold: likenessThreshold };
}
