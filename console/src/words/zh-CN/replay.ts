import type * as english from '../en/replay.ts';
import type { WordsOf } from '../words.ts';

export const replay: WordsOf<typeof english.replay> = {
  title: '重放这些推送',
  counting: '正在统计……',
  count: '{count, plural, =0 {没有选中任何推送。} other {已选中 {name} 的 # 条推送。}}',
  pushes: '{pushes, plural, =0 {不会发送任何内容。} other {将发送 # 条。}}',
  leftOut:
    '只会重新发送失败、未知、已过期和已取消的推送。如需重新发送成功的推送，请关闭此窗口，并将“结果”筛选设为“成功”。',
  replaced: '这些事件此后都已送达，或由之后的推送代替。',
  oldest: '最早的事件：<when></when>。',
  marked: '每条都带有 tocsin-redelivery 标记，且不计入 Webhook 的健康状况。',
  order: '顺序',
  every: '每个事件，按顺序',
  latest: '每个告警或故障只发最新的一条',
  rate: '每秒最多',
  start: '开始重放',
  stop: '停止',
  stopped: '{count, plural, =0 {已没有等待中的推送。} other {# 条未发送。}}',
  state: { running: '进行中', done: '已完成', cancelled: '已停止', failed: '失败' },
  progress: '{total, number} 条中的 {done, number} 条',
  outcomes: '成功 {delivered, number} · 失败 {failed, number} · 未知 {unknown, number} · 其他 {other, number}',
  pausedUntil: '接收方不可用，下次尝试 <when></when>。',
  leave: '关闭后仍会继续，可在 Webhook 的“重放”中查看。',
  none: '还没有重放。请在推送列表上方选择“重放这些”。',
  list: '重放',
  begun: '开始于 <when></when>',
};

export const health: WordsOf<typeof english.health> = {
  outcomes: '此时段的结果',
  reasons: '尚未送达的原因',
  noReasons: '此时段的推送都已送达，或仍在等待。',
  now: '当前',
  waiting: '{count, plural, =0 {没有等待中的推送。} other {# 条推送在等待。}}',
  behind: '{count, plural, =0 {没有积压的告警或故障。} other {# 个告警或故障有积压，最早的已等待 {oldest}。}}',
  severities: '等待中的推送：严重 {critical, number} · 警告 {warning, number} · 提醒 {info, number}',
};
