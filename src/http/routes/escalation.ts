import type { z } from 'zod';
import type { ChannelDirectory } from '../../channels/channel.ts';
import type { ChannelService } from '../../channels/channel-service.ts';
import { seconds } from '../../events/event.ts';
import type { EscalationRule, Layer } from '../../incidents/escalation/rule.ts';
import type { EscalationRuleService, RuleChange } from '../../incidents/escalation/rule-service.ts';
import type { Account } from '../../ingestion/push-context.ts';
import { command, commandWithReply, query, type Route } from './route.ts';
import * as shape from '../schemas/escalation.ts';

export interface EscalationServices {
  readonly account: Account;
  readonly channels: ChannelService;
  readonly escalationRules: EscalationRuleService;
}

/** Escalation rules (contract 4.8): everybody may read them, administrators configure them. */
export function escalationRoutes(services: EscalationServices): Route[] {
  return [...readings(services), ...changes(services.escalationRules)];
}

function readings({ account, channels, escalationRules }: EscalationServices): Route[] {
  return [
    query(
      '/channel/escalate/rule/list',
      'Lists the escalation rules of a channel, in the order in which they are tried.',
      'viewer',
      { request: shape.rulesRequest, reply: shape.ruleList },
      async (input) => {
        const rules = await escalationRules.ofChannel(input.channel_id);
        const directory = await channels.directory();
        return {
          items: rules.map((rule) => ruleObject(rule, account, directory)),
          total: rules.length,
          has_next_page: false,
        };
      },
    ),
    query(
      '/channel/escalate/rule/info',
      'Shows an escalation rule.',
      'viewer',
      { request: shape.ruleRequest, reply: shape.rule },
      async (input) =>
        ruleObject(await escalationRules.find(input.channel_id, input.rule_id), account, await channels.directory()),
    ),
  ];
}

function changes(rules: EscalationRuleService): Route[] {
  return [
    commandWithReply(
      '/channel/escalate/rule/create',
      'Makes an escalation rule.',
      'admin',
      { request: shape.ruleCreateRequest, reply: shape.ruleCreateReply },
      async (input, call) => {
        const made = await rules.create(input.channel_id, ruleChangeOf(input), call.person.person_id);
        return { rule_id: made.ruleId, rule_name: made.name };
      },
      (sound) => rules.faultsOf(sound.channel_id ?? 0, '', ruleChangeOf(sound)),
    ),
    command(
      '/channel/escalate/rule/update',
      'Changes the given fields of an escalation rule; layers, filters and time filters as a whole.',
      'admin',
      shape.ruleUpdateRequest,
      (input, call) => rules.update(input.channel_id, input.rule_id, ruleChangeOf(input), call.person.person_id),
      (sound) => rules.faultsOf(sound.channel_id ?? 0, sound.rule_id ?? unknownRule, ruleChangeOf(sound)),
    ),
    change('/channel/escalate/rule/enable', 'Lets a rule take incidents again.', (channelId, ruleId, by) =>
      rules.setStatus(channelId, ruleId, 'enabled', by),
    ),
    change('/channel/escalate/rule/disable', 'Lets a rule take no more incidents.', (channelId, ruleId, by) =>
      rules.setStatus(channelId, ruleId, 'disabled', by),
    ),
    change('/channel/escalate/rule/delete', 'Deletes an escalation rule.', (channelId, ruleId) =>
      rules.remove(channelId, ruleId),
    ),
  ];
}

function change(
  path: Route['path'],
  summary: string,
  work: (channelId: number, ruleId: string, memberId: number) => Promise<void>,
): Route {
  return command(path, summary, 'admin', shape.ruleRequest, (input, call) =>
    work(input.channel_id, input.rule_id, call.person.person_id),
  );
}

type Input = z.output<typeof shape.ruleCreateRequest> | z.output<typeof shape.ruleUpdateRequest>;

/** A null list is an empty one; an absent one stays as it is. */
export function ruleChangeOf(input: Partial<Omit<Input, 'channel_id' | 'rule_id'>>): RuleChange {
  const sent: { [Key in keyof RuleChange]: RuleChange[Key] | undefined } = {
    name: input.rule_name,
    description: input.description,
    priority: input.priority,
    templateId: input.template_id,
    aggrWindowSeconds: input.aggr_window,
    layers: input.layers?.map(layerOf),
    filters: input.filters === null ? [] : input.filters,
    timeFilters: (input.time_filters === null ? [] : input.time_filters)?.map((one) => ({
      start: one.start,
      end: one.end,
      repeat: one.repeat === null || one.repeat === undefined || one.repeat.length === 0 ? everyDay : one.repeat,
    })),
    timeZone: input.time_zone,
  };
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
}

/** An id that no rule has. */
const unknownRule = '-';

const everyDay = [0, 1, 2, 3, 4, 5, 6];

function layerOf(input: NonNullable<Input['layers']>[number]): Layer {
  const { target } = input;
  return {
    personIds: [...new Set(target.person_ids)],
    teamIds: [...new Set(target.team_ids)],
    emails: [...new Set(target.emails)],
    escalateWindowMinutes: input.escalate_window,
    forceEscalate: input.force_escalate,
    maxTimes: input.max_times,
    notifyStepMinutes: input.notify_step,
    by:
      target.by === null || target.by === undefined
        ? undefined
        : {
            followPreference: target.by.follow_preference,
            critical: target.by.critical ?? [],
            warning: target.by.warning ?? [],
            info: target.by.info ?? [],
          },
  };
}

function ruleObject(rule: EscalationRule, account: Account, channels: ChannelDirectory): z.input<typeof shape.rule> {
  const { settings } = rule;
  return {
    rule_id: rule.ruleId,
    rule_name: rule.name,
    account_id: account.accountId,
    channel_id: rule.channelId,
    channel_name: channels.find(rule.channelId)?.name ?? '',
    description: rule.description,
    template_id: settings.templateId,
    status: rule.status,
    priority: rule.priority,
    aggr_window: settings.aggrWindowSeconds,
    layers: settings.layers.map(layerObject),
    time_filters: settings.timeFilters.map((one) => ({ ...one, repeat: [...one.repeat] })),
    time_zone: settings.timeZone,
    filters: settings.filters.map((group) => group.map((one) => ({ ...one, vals: [...one.vals] }))),
    updated_by: rule.updatedBy,
    created_at: seconds(rule.createdAt),
    updated_at: seconds(rule.updatedAt),
  };
}

function layerObject({ by, ...layer }: Layer): z.input<typeof shape.rule>['layers'][number] {
  return {
    target: {
      person_ids: [...layer.personIds],
      team_ids: [...layer.teamIds],
      emails: [...layer.emails],
      ...(by === undefined
        ? {}
        : {
            by: {
              follow_preference: by.followPreference,
              critical: [...by.critical],
              warning: [...by.warning],
              info: [...by.info],
            },
          }),
      webhooks: null,
    },
    escalate_window: layer.escalateWindowMinutes,
    force_escalate: layer.forceEscalate,
    max_times: layer.maxTimes,
    notify_step: layer.notifyStepMinutes,
  };
}
