import type { en } from './en/index.ts';

/** The same keys in every language: a missing or a surplus one does not compile. */
type Same<T> = T extends string ? string : { readonly [Key in keyof T]: Same<T[Key]> };

export type Words = Same<typeof en>;

/** The part of one file, for a language that keeps the same files. */
export type WordsOf<Part> = Same<Part>;

export type Language = 'en' | 'zh-CN';

export const languages: Readonly<Record<Language, string>> = { en: 'English', 'zh-CN': '简体中文' };

declare module 'use-intl' {
  interface AppConfig {
    Messages: typeof en;
    Locale: Language;
  }
}
