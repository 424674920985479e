import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { readSearch, writeSearch, type Params, type RawSearch, type ValuesOf } from './search-params.ts';

export interface Filters<P extends Params> {
  readonly values: ValuesOf<P>;
  /** Names of the parts of the address that could not be read. */
  readonly dropped: readonly string[];
  readonly changed: boolean;
  set(some: Partial<ValuesOf<P>>): void;
  clear(): void;
}

/** The filters of the page, kept in its address and nowhere else. */
export function useFilters<P extends Params>(params: P): Filters<P> {
  const raw: RawSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  return useMemo(() => {
    const { values, dropped } = readSearch(params, raw);
    const go = (search: RawSearch): void => {
      void navigate({
        to: '.',
        search: () => ({ ...unrelated(params, raw), ...search }),
        replace: true,
        resetScroll: false,
      });
    };
    return {
      values,
      dropped,
      changed: Object.keys(writeSearch(params, values)).length > 0,
      set: (some) => go(writeSearch(params, { ...values, ...some })),
      clear: () => go({}),
    };
  }, [params, raw, navigate]);
}

/** What other parts of the page keep in the address, such as the open tab. */
function unrelated(params: Params, raw: RawSearch): RawSearch {
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !(name in params)));
}
