import { type AddressProblem, destinationRules } from './destination';
import type { DestinationsFile, PrivateDestination } from '../../../../src/protocol/egress-api';
import { HOST_PATTERN } from '../../../../src/protocol/hosts';
import { InputError } from '../../server/files/input-error';
import { jsonOfFile } from '../../server/files/json-of-file';
import { readText } from '../../server/files/read-file';
import { isFields } from '../../server/text/fields';

const MAX_FILE = 256 * 1024;
const HOST = new RegExp(HOST_PATTERN);

/** The rules of `DESTINATIONS_FILE`; without one nothing private is reached. Rejects for a file that cannot be used. */
export async function openDestinations(file: string | undefined): Promise<AddressProblem> {
  if (file === undefined) return destinationRules({});
  const destinations = parseDestinations(file, await readText(file, MAX_FILE));
  try {
    return destinationRules(destinations);
  } catch (error) {
    throw new InputError(`${file}: ${(error as Error).message}`);
  }
}

export function parseDestinations(file: string, text: string): DestinationsFile {
  const fields = jsonOfFile(file, text);
  if (!isFields(fields)) throw new InputError(`${file}: must be an object`);
  const unknown = Object.keys(fields).find((name) => name !== 'clusterRanges' && name !== 'privateDestinations');
  if (unknown !== undefined) throw new InputError(`${file}: unknown field ${JSON.stringify(unknown)}; allowed: clusterRanges, privateDestinations`);
  const { clusterRanges = [], privateDestinations = [] } = fields;
  if (!isListOf(clusterRanges, (range) => typeof range === 'string')) throw new InputError(`${file}: clusterRanges must be a list of networks such as 10.0.0.0/8`);
  if (!isListOf(privateDestinations, isDestination)) {
    throw new InputError(`${file}: privateDestinations must be a list of {"host", "cidr"}, such as {"host": "git.example.com", "cidr": "10.1.0.0/16"}`);
  }
  return { clusterRanges: clusterRanges as string[], privateDestinations: privateDestinations as PrivateDestination[] };
}

function isListOf(value: unknown, check: (one: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(check);
}

function isDestination(value: unknown): boolean {
  return isFields(value) && Object.keys(value).length === 2 && typeof value.cidr === 'string' && typeof value.host === 'string' && HOST.test(value.host);
}
