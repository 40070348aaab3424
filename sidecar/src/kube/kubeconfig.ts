import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { Connection, ConnectionError, fixed, followed, Material } from './connection';
import { Fields, isFields } from '../server/text/fields';
import type { Clock } from '../server/time/clock';

/** Fields that are understood. Any other might change who we are or whom we trust, so it is refused. */
const CLUSTER_FIELDS = ['server', 'certificate-authority', 'certificate-authority-data', 'tls-server-name', 'extensions', 'disable-compression'];
const USER_FIELDS = ['token', 'tokenFile', 'client-certificate', 'client-certificate-data', 'client-key', 'client-key-data', 'extensions'];

/**
 * The current context of a kubeconfig: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 * Paths in it are relative to it. Programs that make credentials (`exec`, `auth-provider`) are not run.
 */
export function kubeconfig(file: string, clock: Clock): Connection {
  const config = parsed(file);
  const current = config['current-context'];
  if (typeof current !== 'string' || current === '') throw new ConnectionError(`${file}: current-context is not set`);
  const context = entry(file, config, 'contexts', 'context', current);
  const cluster = entry(file, config, 'clusters', 'cluster', text(file, context, 'cluster') ?? '');
  const user = entry(file, config, 'users', 'user', text(file, context, 'user') ?? '');
  refuseOthers(file, 'cluster', cluster, CLUSTER_FIELDS);
  refuseOthers(file, 'user', user, USER_FIELDS);
  const ca = material(file, cluster, 'certificate-authority', clock);
  const token = tokenOf(file, user, clock);
  const cert = material(file, user, 'client-certificate', clock);
  const key = material(file, user, 'client-key', clock);
  if ((cert === undefined) !== (key === undefined)) throw new ConnectionError(`${file}: client-certificate and client-key go together`);
  const serverName = text(file, cluster, 'tls-server-name');
  return {
    server: serverOf(file, cluster),
    ...(serverName === undefined ? {} : { serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
  };
}

function parsed(file: string): Fields {
  let config: unknown;
  try {
    // The parser's own messages quote the text.
    config = parse(readFileSync(file, 'utf8'), { prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    throw new ConnectionError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'it is not YAML'}`);
  }
  if (!isFields(config)) throw new ConnectionError(`${file}: is not a kubeconfig`);
  return config;
}

function entry(file: string, config: Fields, list: string, field: string, name: string): Fields {
  const entries = config[list];
  const found: unknown = Array.isArray(entries) ? entries.find((one: unknown) => isFields(one) && one.name === name) : undefined;
  const value = isFields(found) ? found[field] : undefined;
  if (!isFields(value)) throw new ConnectionError(`${file}: ${list} has no ${field} named ${JSON.stringify(name)}`);
  return value;
}

function refuseOthers(file: string, what: string, fields: Fields, known: readonly string[]): void {
  const other = Object.keys(fields).find((name) => !known.includes(name));
  if (other !== undefined) throw new ConnectionError(`${file}: ${what} has ${other}, which is not supported; supported are ${known.slice(0, -1).join(', ')}`);
}

function serverOf(file: string, cluster: Fields): URL {
  const server = text(file, cluster, 'server') ?? '';
  // Credentials never travel in the clear.
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') throw new ConnectionError(`${file}: server must be an https URL`);
  return new URL(server);
}

function tokenOf(file: string, user: Fields, clock: Clock): Material | undefined {
  const path = text(file, user, 'tokenFile');
  if (path !== undefined) return followed(resolve(dirname(file), path), clock);
  const token = text(file, user, 'token');
  return token === undefined ? undefined : fixed(Buffer.from(token));
}

/** `<name>-data` in base64 wins over the file `<name>`, as in kubectl. */
function material(file: string, fields: Fields, name: string, clock: Clock): Material | undefined {
  const data = text(file, fields, `${name}-data`);
  if (data !== undefined) return fixed(Buffer.from(data, 'base64'));
  const path = text(file, fields, name);
  return path === undefined ? undefined : followed(resolve(dirname(file), path), clock);
}

function text(file: string, fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw new ConnectionError(`${file}: ${name} must be a text`);
  return value === '' ? undefined : value;
}
