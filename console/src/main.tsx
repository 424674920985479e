import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './parts/tokens.css';
import './parts/base.css';
import { createQueryClient } from './api/query.ts';
import { knowSession, Language } from './frame/language.tsx';
import { router } from './routes.tsx';

const place = document.getElementById('console');
if (place === null) throw new Error('the page has no place for the console');
const root = createRoot(place);
const queryClient = createQueryClient();

function show(): void {
  root.render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queryClient}>
          <Language>
            <RouterProvider router={router} />
          </Language>
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  );
}

// Drawn once, with its session, words and page, in place of each as it comes. What does not come, its part says.
// The files of pages wait for this one to end, so it does not wait for them.
void Promise.allSettled([knowSession(queryClient), router.load()]).then(show);
