import type * as english from '../en/sign-in.ts';
import type { WordsOf } from '../words.ts';

export const signIn: WordsOf<typeof english.signIn> = {
  title: '登录',
  email: '邮箱',
  password: '密码',
  submit: '登录',
  lost: '忘记密码？管理员可以在“人员与团队”中为您生成登录链接，或在服务器上运行：<code>{command}</code>',
  first: '首次使用？请打开首次启动时打印的链接。',
  linkTitle: '使用链接登录',
  linkWorking: '正在登录……',
  linkMissing: '此地址不含登录链接。请打开完整的链接，# 之后的部分也属于链接。',
  linkRefused: '此链接无效',
  linkUsed: '链接已使用、已过期，或来自其他安装：请向管理员索取新链接，或在服务器上运行：<code>{command}</code>',
  linkAnother: '链接只能使用一次，且有时限。请向管理员索取新链接，或在服务器上运行：<code>{command}</code>',
  toSignIn: '使用密码登录',
  welcomeTitle: '欢迎使用 Tocsin',
  welcomeWhy: '请设置他人可见的名称，以及下次登录用的密码。',
  ownEmail: '登录邮箱',
  name: '名称',
  newPassword: '密码',
  passwordHint: '12 至 128 个字符。',
  save: '保存并继续',
  later: '稍后设置',
  laterWhy: '未设置密码时，下次登录需要新的链接。',
  tooOften: '尝试次数过多，请一分钟后再试。',
};
