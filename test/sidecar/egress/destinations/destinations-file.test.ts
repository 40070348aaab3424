import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDestinations, parseDestinations } from '../../../../sidecar/src/egress/destinations/destinations-file';
import { tempFolder } from '../../../helpers/temp-folder';

const folder = tempFolder();

const parsed = (value: unknown) => parseDestinations('d.json', JSON.stringify(value));

async function opened(value: unknown) {
  const file = join(folder, 'd.json');
  writeFileSync(file, JSON.stringify(value));
  return openDestinations(file);
}

describe('the destinations file', () => {
  test('opens a private network to its host alone, and closes networks of the cluster', async () => {
    const problemOf = await opened({ clusterRanges: ['93.184.0.0/16'], privateDestinations: [{ host: 'git.example.com', cidr: '10.1.0.0/16' }] });
    expect(problemOf('git.example.com', '10.1.2.3')).toBeUndefined();
    expect(problemOf('other.example.com', '10.1.2.3')).toBeDefined();
    expect(problemOf('git.example.com', '10.2.2.3')).toBeDefined();
    expect(problemOf('www.example.com', '93.184.216.34')).toBe('is of the cluster');
  });

  test('is not needed: then no private address is reached, and every public one is', async () => {
    const problemOf = await openDestinations(undefined);
    expect(problemOf('git.example.com', '10.1.2.3')).toBeDefined();
    expect(problemOf('www.example.com', '93.184.216.34')).toBeUndefined();
  });

  test('may be empty', () => {
    expect(parsed({})).toEqual({ clusterRanges: [], privateDestinations: [] });
  });

  test.each([
    ['a list', [], /must be an object/],
    ['a field that is unknown', { privateDestination: [] }, /unknown field "privateDestination"; allowed: clusterRanges, privateDestinations/],
    ['ranges that are no list', { clusterRanges: '10.0.0.0/8' }, /clusterRanges must be a list/],
    ['a range that is no text', { clusterRanges: [10] }, /clusterRanges must be a list/],
    ['a destination without network', { privateDestinations: [{ host: 'a.example.com' }] }, /must be a list of \{"host", "cidr"\}/],
    ['a destination with more', { privateDestinations: [{ host: 'a.example.com', cidr: '10.0.0.0/8', port: 1 }] }, /must be a list of/],
    ['a host with a port', { privateDestinations: [{ host: 'a.example.com:443', cidr: '10.0.0.0/8' }] }, /must be a list of/],
    ['every host', { privateDestinations: [{ host: '*', cidr: '10.0.0.0/8' }] }, /must be a list of/],
  ])('is refused with %s, and names itself', (_case, value, message) => {
    expect(() => parsed(value)).toThrow(message);
    expect(() => parsed(value)).toThrow(/^d\.json: /);
  });

  test('is refused when a key is there twice', () => {
    expect(() => parseDestinations('d.json', '{"clusterRanges":[],"clusterRanges":[]}')).toThrow('d.json: is not JSON in which every key is there once');
  });

  test('is refused with a network that is none', async () => {
    await expect(opened({ clusterRanges: ['10.0.0.0/33'] })).rejects.toThrow(/d\.json: "10\.0\.0\.0\/33" must be a network/);
  });

  test('that is not there stops the start', async () => {
    await expect(openDestinations(join(folder, 'none.json'))).rejects.toThrow(/ENOENT/);
  });
});
