import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import type { EscalationRule, Layer } from '../../incidents/escalation.ts';
import type { EscalationRules, RuleChange } from '../../incidents/escalation-rules.ts';
import type { Account } from '../../ingestion/directories.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/escalation.ts';
import { nothing } from '../shapes/scalars.ts';

export interface EscalationServices {
  readonly account: Account;
  readonly escalationRules: EscalationRules;
}

/** Whom the incidents of a channel go to (contract 4.8): everybody reads the rules, administrators configure them. */
export function escalationRoutes(services: EscalationServices): Route[] {
  return [...readings(services), ...changes(services.escalationRules)];
}

function readings({ account, escalationRules }: EscalationServices): Route[] {
  return [
    route({
      path: '/channel/escalate/rule/list',
      summary: 'Lists the escalation rules of a channel, in the order in which they are tried.',
      role: 'viewer',
      writes: false,
      request: shape.rulesRequest,
      reply: shape.ruleList,
      handle: async (input) => {
        const rules = await escalationRules.ofChannel(input.channel_id);
        return { items: rules.map((rule) => ruleObject(rule, account)), total: rules.length, has_next_page: false };
      },
    }),
    route({
      path: '/channel/escalate/rule/info',
      summary: 'Shows an escalation rule.',
      role: 'viewer',
      writes: false,
      request: shape.ruleRequest,
      reply: shape.rule,
      handle: async (input) => ruleObject(await escalationRules.find(input.channel_id, input.rule_id), account),
    }),
  ];
}

function changes(rules: EscalationRules): Route[] {
  return [
    route({
      path: '/channel/escalate/rule/create',
      summary: 'Makes an escalation rule.',
      role: 'admin',
      writes: true,
      request: shape.ruleCreateRequest,
      reply: shape.ruleCreateReply,
      handle: async (input, call) => {
        const made = await rules.create(input.channel_id, changeOf(input), call.person.person_id);
        return { rule_id: made.ruleId, rule_name: made.name };
      },
    }),
    route({
      path: '/channel/escalate/rule/update',
      summary: 'Changes what is sent of an escalation rule; layers, filters and time filters as a whole.',
      role: 'admin',
      writes: true,
      request: shape.ruleUpdateRequest,
      reply: nothing,
      handle: async (input, call) => {
        await rules.update(input.channel_id, input.rule_id, changeOf(input), call.person.person_id);
        return {};
      },
    }),
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
  return route({
    path,
    summary,
    role: 'admin',
    writes: true,
    request: shape.ruleRequest,
    reply: nothing,
    handle: async (input, call) => {
      await work(input.channel_id, input.rule_id, call.person.person_id);
      return {};
    },
  });
}

type Input = z.output<typeof shape.ruleCreateRequest> | z.output<typeof shape.ruleUpdateRequest>;

/** A list that is null is an empty one; what is left out stays as it is. */
function changeOf(input: Input): RuleChange {
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

function ruleObject(rule: EscalationRule, account: Account): z.input<typeof shape.rule> {
  const { settings } = rule;
  return {
    rule_id: rule.ruleId,
    rule_name: rule.name,
    account_id: account.accountId,
    channel_id: rule.channelId,
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
