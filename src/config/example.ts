import { fileKey, settings, type Setting } from './settings.ts';

/** The example file: all settings, commented out, with their defaults. */
export function exampleFile(): string {
  const entries = Object.values<Setting>(settings).map(({ name, schema, fallback, example, doc }) => {
    const state = fallback === '' ? 'Not set; for example:' : 'The default:';
    const line = `${fileKey(name)} = ${toml(fallback === '' ? example : fallback)}`;
    return `# ${doc}\n# ${capital(schema.description ?? '')}; ${name} in the environment. ${state}\n# ${line}\n`;
  });
  return `${head}\n${entries.join('\n')}`;
}

const head = `# The settings of Tocsin. Copy this file to tocsin.toml and take the # from the lines that you change.
# A variable in the environment wins over a line here. Made by the program from its table of settings: do not edit.
`;

function toml(value: string): string {
  return /^\d+$/.test(value) ? value : JSON.stringify(value);
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
