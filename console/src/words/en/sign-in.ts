export const signIn = {
  title: 'Sign in',
  email: 'Email',
  password: 'Password',
  submit: 'Sign in',
  lost: 'Lost your password? An admin can make a sign-in link for you under People & teams, or on the server: <code>{command}</code>',
  first: 'First time here? Open the link that the first start printed.',
  linkTitle: 'Sign in by link',
  linkWorking: 'Signing you in…',
  linkMissing:
    'This address holds no link. Open the whole link as it was printed or sent to you; the part after # belongs to it.',
  linkRefused: 'This link does not work',
  linkUsed:
    'It was used already, has expired, or is from another installation: ask an admin for another, or make one on the server with <code>{command}</code>',
  linkAnother:
    'A link works once, and only for a while. Ask an admin for another, or on the server: <code>{command}</code>',
  toSignIn: 'Sign in with a password',
  welcomeTitle: 'Welcome to Tocsin',
  welcomeWhy: 'Choose the name that others see, and a password for the next time.',
  ownEmail: 'Email to sign in with',
  name: 'Name',
  newPassword: 'Password',
  passwordHint: '12 to 128 characters.',
  save: 'Save and go on',
  later: 'Do this later',
  laterWhy: 'Without a password you need another link the next time.',
  tooOften: 'Too many attempts. Wait a minute, then try again.',
} as const;
