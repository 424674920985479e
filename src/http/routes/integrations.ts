import type { z } from 'zod';
import { keyHint } from '../../access/key.ts';
import type { AlertReport } from '../../alerts/alert.ts';
import type { ChannelDirectory } from '../../channels/channel.ts';
import type { ChannelService } from '../../channels/channel-service.ts';
import { seconds } from '../../events/event.ts';
import { pushPath, type Integration } from '../../ingestion/integration.ts';
import type { IntegrationService } from '../../ingestion/integration-service.ts';
import { notFound } from '../../runtime/failure.ts';
import { mentions, pageOf } from './in-memory-page.ts';
import { command, commandWithReply, query, type Call, type Route } from './route.ts';
import * as shape from '../schemas/integration.ts';

export interface IntegrationServices {
  readonly channels: ChannelService;
  readonly integrations: IntegrationService;
  /** The start of every push URL, without a trailing slash. */
  readonly publicUrl: string;
}

/** Everybody may read integrations. Keys are for administrators: a key can send alerts. */
export function integrationRoutes(services: IntegrationServices): Route[] {
  return [...readings(services), ...trials(services), ...changes(services)];
}

function readings(services: IntegrationServices): Route[] {
  const { channels, integrations } = services;
  return [
    query(
      '/integration/list',
      'Lists the integrations, the oldest first.',
      'viewer',
      { request: shape.integrationListRequest, reply: shape.integrationListReply },
      async (input, call) => {
        const found = (await integrations.directory()).list.filter(
          (one) =>
            mentions(input.query, one.name, one.description) &&
            (input.type === undefined || one.type === input.type) &&
            (input.status === undefined || one.status === input.status) &&
            (input.channel_id === undefined || one.channelId === input.channel_id),
        );
        const page = pageOf(found, input);
        const directory = await channels.directory();
        const items = page.items.map((one) => integrationObject(one, directory, services, call));
        return { ...page, items: await Promise.all(items) };
      },
    ),
    query(
      '/integration/info',
      'Shows an integration.',
      'viewer',
      { request: shape.integrationRequest, reply: shape.integration },
      async (input, call) => {
        const one = (await integrations.directory()).find(input.integration_id);
        if (one === undefined) throw notFound('integration', input.integration_id);
        return integrationObject(one, await channels.directory(), services, call);
      },
    ),
  ];
}

/** What somebody tries before it is saved. */
function trials({ integrations }: IntegrationServices): Route[] {
  return [
    query(
      '/integration/mapping/try',
      'Shows what a field mapping makes of a sample, and keeps nothing.',
      'admin',
      { request: shape.mappingTryRequest, reply: shape.mappingTryReply },
      async (input) => {
        const parsed = integrations.tryMapping(
          {
            fieldMapping: input.field_mapping,
            valueMapping: input.value_mapping ?? {},
            severityMapping: input.severity_mapping ?? {},
            titleRule: input.title_rule ?? '',
          },
          input.sample,
        );
        if (!parsed.ok) return { ok: false, events: [], faults: [...parsed.faults] };
        return { ok: true, events: parsed.reports.map(eventOf), faults: [...parsed.skipped] };
      },
    ),
  ];
}

function eventOf(report: AlertReport): z.input<typeof shape.mappingTryReply>['events'][number] {
  return {
    title: report.title,
    title_rule: report.titleRule,
    description: report.description,
    event_status: report.status,
    alert_key: report.alertKey,
    event_time: seconds(report.eventTime),
    labels: report.labels,
    images: [...report.images],
  };
}

function changes({ integrations, publicUrl }: IntegrationServices): Route[] {
  return [
    commandWithReply(
      '/integration/create',
      'Makes an integration: a key that a source sends with, and the URL that it sends to.',
      'admin',
      { request: shape.integrationCreateRequest, reply: shape.integrationCreateReply },
      async (input, call) => {
        const made = await integrations.create({ ...changeOf(input), ...required(input) }, call.person.person_id);
        return {
          integration_id: made.integrationId,
          integration_key: made.key,
          push_url: publicUrl + pushPath(made.type, made.key),
        };
      },
      (sound) => integrations.faultsOf(undefined, changeOf(sound)),
    ),
    command(
      '/integration/update',
      'Changes the given fields of an integration.',
      'admin',
      shape.integrationUpdateRequest,
      (input) => integrations.update(input.integration_id, { ...changeOf(input), status: input.status }),
      (sound) => integrations.faultsOf(sound.integration_id, changeOf(sound)),
    ),
    commandWithReply(
      '/integration/key/rotate',
      'Makes a new key; the old one is taken beside it for a while.',
      'admin',
      { request: shape.keyRotateRequest, reply: shape.keyRotateReply },
      async (input) => {
        const { type, key } = await integrations.rotateKey(input.integration_id, input.overlap_seconds);
        return { integration_key: key, push_url: publicUrl + pushPath(type, key) };
      },
    ),
    command(
      '/integration/delete',
      'Deletes an integration: its key is refused from then on.',
      'admin',
      shape.integrationRequest,
      (input) => integrations.remove(input.integration_id),
    ),
  ];
}

type CreateInput = z.output<typeof shape.integrationCreateRequest>;

function required(input: CreateInput) {
  return { name: input.name, type: input.type, channelId: input.channel_id };
}

function changeOf(input: Partial<CreateInput> | Partial<z.output<typeof shape.integrationUpdateRequest>>) {
  return {
    name: input.name,
    description: input.description,
    channelId: input.channel_id,
    teamId: input.team_id,
    refId: input.ref_id,
    key: input.integration_key,
    settings: {
      severityMapping: input.severity_mapping,
      titleRule: input.title_rule,
      consoleUrl: input.console_url,
      fieldMapping: input.field_mapping,
      valueMapping: input.value_mapping,
    },
  };
}

async function integrationObject(
  one: Integration,
  channels: ChannelDirectory,
  { integrations, publicUrl }: IntegrationServices,
  call: Call,
): Promise<z.input<typeof shape.integration>> {
  const hidden = call.role !== 'admin';
  const { lastEventAt, lastError, ...counts } = await integrations.activity(one.integrationId);
  return {
    integration_id: one.integrationId,
    name: one.name,
    type: one.type,
    description: one.description,
    channel_id: one.channelId,
    channel_name: channels.find(one.channelId)?.name ?? '',
    team_id: one.teamId,
    status: one.status,
    integration_key: hidden ? keyHint(one.key) : one.key,
    push_url: publicUrl + (hidden ? pushPath(one.type, '') + keyHint(one.key) : pushPath(one.type, one.key)),
    ref_id: one.refId,
    severity_mapping: one.settings.severityMapping,
    title_rule: one.settings.titleRule,
    console_url: one.settings.consoleUrl,
    field_mapping: one.settings.fieldMapping,
    value_mapping: one.settings.valueMapping,
    last_event_at: seconds(lastEventAt),
    events_last_day: await integrations.eventsOfDay(one.integrationId),
    last_error: lastError === undefined ? null : { ...lastError, at: seconds(lastError.at) },
    truncated_alerts: counts.truncated,
    last_truncated_at: seconds(counts.truncatedAt),
    unrouted_events: counts.unrouted,
    last_unrouted_at: seconds(counts.unroutedAt),
    old_key_expires_at: seconds(Math.max(0, ...one.oldKeys.map(({ until }) => until))),
    creator_id: one.creatorId,
    created_at: seconds(one.createdAt),
    updated_at: seconds(one.updatedAt),
  };
}
