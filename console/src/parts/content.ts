import { createRef } from 'react';

/** The main part of the page: menus open in it, so that they are in a landmark too. */
export const content = createRef<HTMLElement>();
