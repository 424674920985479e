import { remembered } from '../api/remembered.ts';
import type { Language } from './words.ts';

/** `auto`: that of the profile, else that of the browser. */
export const languageChoice = remembered('language', ['auto', 'en', 'zh-CN'] as const, 'auto');

export function languageOf(choice: 'auto' | Language, profile: string): Language {
  if (choice !== 'auto') return choice;
  const wanted = profile === '' ? navigator.language : profile;
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}
