import type { Variant } from './mutants.ts';

export const mutants: readonly Variant[] = [];
