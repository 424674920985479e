import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './parts/tokens.css';
import './parts/base.css';
import { createQueryClient } from './api/query.ts';
import { Language } from './frame/language.tsx';
import { router } from './routes.tsx';

const place = document.getElementById('console');
if (place === null) throw new Error('the page has no place for the console');
const queryClient = createQueryClient();

createRoot(place).render(
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
