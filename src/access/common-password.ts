/**
 * Whether a guesser would try this password early. Nearly every list of leaked passwords consists of a few hundred words,
 * names and keyboard runs, repeated, joined, spelt with digits and followed by digits; so the rule looks for those instead
 * of keeping the lists.
 * @param password not longer than a password may be.
 */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase();
  if (published.has(text)) return true;
  if (distinct(text) < distinctMin || isRepeated(text) || isRun(text)) return true;
  const bare = text.replaceAll(/^[^a-z]+|[^a-z]+$/g, '');
  return [bare, plain(text), plain(bare)].some(isMadeOfCommonWords);
}

/** Characters that differ. */
const distinctMin = 5;
/** A unit this long that is only repeated adds nothing; a longer one is a phrase. */
const repeatedUnitMax = 8;
/** So many characters in a row of the keyboard or of the alphabet cover a whole password. */
const runShareMin = 0.75;
const runMinChars = 4;

/** Passwords that an example of ours had once, or a famous comic. */
const published: ReadonlySet<string> = new Set([
  'correct-horse-battery',
  'correct horse battery',
  'correcthorsebattery',
  'correct horse battery staple',
  'correcthorsebatterystaple',
  'correct-horse-battery-staple',
]);

const words: ReadonlySet<string> = new Set(
  `password passwort passwd pass passw motdepasse contrasena senha mima welcome willkommen bienvenue hello hallo admin
  administrator root toor user guest login signin letmein access secret default changeme change temp temporary test
  testing tester demo example sample service server system master super superuser computer internet network office
  company company123 monitor monitoring alert alerts incident oncall tocsin webhook database oracle mysql postgres
  docker kubernetes linux ubuntu debian windows microsoft google facebook twitter amazon apple samsung android iphone
  qwerty qwertz azerty asdf zxcv qazwsx iloveyou ilove love lovely lover loveyou trustno sunshine princess dragon monkey
  football baseball basketball soccer hockey tennis golf shadow michael jennifer jessica jordan hunter hunting batman
  superman spiderman pokemon starwars naruto minecraft charlie george thomas daniel robert joshua matthew andrew anthony
  ashley amanda nicole michelle elizabeth victoria alexander alexandra samantha summer winter spring autumn january
  february march april june july august september october november december monday tuesday wednesday thursday friday
  saturday sunday london paris berlin newyork america england germany china beijing shanghai hongkong tokyo india mexico
  chocolate cookie cheese pepper ginger banana orange cherry flower butterfly angel heaven jesus christ freedom forever
  family mother father mommy daddy baby babygirl sweet honey cute happy lucky money million dollar power killer ninja
  warrior knight wizard phoenix tiger lion eagle panther falcon wolf bear horse cat dog puppy kitty fish bird rabbit
  mustang ferrari porsche mercedes corvette yamaha honda harley liverpool chelsea arsenal barcelona realmadrid juventus
  whatever nothing something anything everything please thankyou goodbye abc abcd abcdef the my is me you your and one
  two three new old big red blue green black white yellow purple pink silver golden star stars moon rock music guitar
  metallica slipknot eminem matrix mercury jupiter saturn pluto galaxy diamond crystal strong easy simple safe secure
  security private personal account company work home house school student teacher university college`.split(/\s+/),
);
const longestWord = Math.max(...Array.from(words, (word) => word.length));

const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
];
/** Down the columns of the keyboard, as people type them: 1qaz2wsx. */
const columns = '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p';
const runs = [...rows, columns].flatMap((row) => [row, Array.from(row).toReversed().join('')]);

const spelling: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
};

function distinct(text: string): number {
  return new Set(text).size;
}

function isRepeated(text: string): boolean {
  for (let unit = 1; unit <= Math.min(repeatedUnitMax, text.length / 2); unit += 1) {
    if (
      text
        .slice(0, unit)
        .repeat(Math.ceil(text.length / unit))
        .slice(0, text.length) === text
    )
      return true;
  }
  return false;
}

/** Most of it goes along a row of the keyboard, the alphabet or the digits, in whatever pieces. */
function isRun(text: string): boolean {
  let covered = 0;
  for (let start = 0; start < text.length;) {
    const length = runAt(text, start);
    if (length >= runMinChars) covered += length;
    start += Math.max(1, length >= runMinChars ? length : 1);
  }
  return covered / text.length >= runShareMin;
}

function runAt(text: string, start: number): number {
  let length = 1;
  while (start + length < text.length && runs.some((run) => run.includes(text.slice(start, start + length + 1)))) {
    length += 1;
  }
  return length;
}

/** Without what is written in place of letters, and without what is no letter. */
function plain(text: string): string {
  return Array.from(text, (char) => spelling[char] ?? char)
    .join('')
    .replaceAll(/[^a-z]/g, '');
}

/** Two words of the list, or the same one again and again, are no more to guess than one. */
const commonWordsMax = 3;

function isMadeOfCommonWords(text: string): boolean {
  if (text === '') return false;
  /** The fewest different words that the text up to each place is made of. */
  const fewest: (ReadonlySet<string> | undefined)[] = [new Set()];
  for (let end = 1; end <= text.length; end += 1) {
    for (let start = Math.max(0, end - longestWord); start < end; start += 1) {
      const before = fewest[start];
      const word = text.slice(start, end);
      if (before === undefined || !words.has(word)) continue;
      const made = new Set([...before, word]);
      if (made.size < (fewest[end]?.size ?? Infinity)) fewest[end] = made;
    }
  }
  return (fewest[text.length]?.size ?? Infinity) <= commonWordsMax - 1;
}
