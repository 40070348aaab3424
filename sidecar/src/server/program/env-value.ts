import { isIPv4, isIPv6 } from 'node:net';
import type { EnvVariable } from '../../../../src/protocol/env';
import { maskSecrets } from '../telemetry/mask';

/** Where a server listens. Without a host: on all addresses. */
export interface Listen {
  readonly host?: string;
  readonly port: number;
  readonly isLoopback: boolean;
}

/** An object of a namespace. */
export interface Reference {
  readonly namespace: string;
  readonly name: string;
}

export type Parsed = { readonly value: unknown } | { readonly problem: string };

/** The value of a variable, or what is wrong with it; the text of a secret is not repeated. */
export function parseVariable(variable: EnvVariable, text: string): Parsed {
  const value = PARSERS[variable.kind](text, variable);
  if (value !== undefined) return { value };
  const shown = variable.secret === true ? 'has a value that cannot be used' : `is ${quoted(text)}`;
  return { problem: `${shown}; allowed: ${ALLOWED[variable.kind](variable)}` };
}

/** Whether only this machine reaches the host. A name other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

const LONGEST_SHOWN = 80;

/** Also of other variables, somebody may have pasted a secret into the wrong one. */
function quoted(text: string): string {
  const shown = maskSecrets(text);
  return JSON.stringify(shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}...` : shown);
}

/** https://www.rfc-editor.org/rfc/rfc1123#section-2.1 */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const HOST_NAME = /^(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
const CONTROL = /\p{Cc}/u;

function listen(text: string): Listen | undefined {
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  if (parts === null || Number(parts[3]) > 65535) return undefined;
  const [, bracketed, bare, port] = parts;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port: Number(port), isLoopback: isLoopback(bracketed) } : undefined;
  if (bare === '') return { port: Number(port), isLoopback: false };
  if (!isIPv4(bare) && (!HOST_NAME.test(bare) || /^[0-9.]+$/.test(bare))) return undefined;
  return { host: bare, port: Number(port), isLoopback: isLoopback(bare) };
}

function names(text: string): readonly string[] | undefined {
  if (text === '') return [];
  const list = text.split(',');
  return list.every((name) => LABEL.test(name)) ? [...new Set(list)] : undefined;
}

function references(text: string): readonly Reference[] | undefined {
  const list = text === '' ? [] : [...new Set(text.split(','))].map((item) => item.split('/'));
  if (!list.every((parts) => parts.length === 2 && LABEL.test(parts[0]) && SUBDOMAIN.test(parts[1]))) return undefined;
  return list.map(([namespace, name]) => ({ namespace, name }));
}

function integer(text: string, { range: [min, max] = [0, Number.MAX_SAFE_INTEGER] }: EnvVariable): number | undefined {
  const number = Number(text);
  return /^(0|-?[1-9][0-9]{0,15})$/.test(text) && number >= min && number <= max ? number : undefined;
}

function nonEmpty(text: string): string | undefined {
  return text === '' || CONTROL.test(text) ? undefined : text;
}

/** Line ends and tabs are part of it. */
function document(text: string): string | undefined {
  return text.trim() === '' || CONTROL.test(text.replace(/[\t\r\n]/g, '')) ? undefined : text;
}

const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false };

const PARSERS: Readonly<Record<EnvVariable['kind'], (text: string, variable: EnvVariable) => unknown>> = {
  listen,
  path: nonEmpty,
  enum: (text, { values = [] }) => values.includes(text) ? text : undefined,
  names,
  references,
  flag: (text) => Object.hasOwn(FLAGS, text) ? FLAGS[text] : undefined,
  integer,
  text: nonEmpty,
  document,
};

const ALLOWED: Readonly<Record<EnvVariable['kind'], (variable: EnvVariable) => string>> = {
  listen: () => 'host:port or :port, an IPv6 address in brackets, port 0 to 65535',
  path: () => 'a path that is not empty',
  enum: ({ values = [] }) => values.join(' or '),
  names: () => 'names separated by commas, of at most 63 lower-case letters, digits and hyphens each',
  references: () => 'namespace/name, separated by commas',
  flag: () => 'true or false',
  integer: ({ range: [min, max] = [0, Number.MAX_SAFE_INTEGER] }) => `a whole number from ${min} to ${max}`,
  text: () => 'a text that is not empty and has no control characters',
  document: () => 'a text that is not empty and has no control characters but tabs and line ends',
};
