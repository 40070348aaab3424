import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { smallProgram } from './small-program';
import { appLayer, isShipped } from '../../../sidecar/image/app-layer';
import { buildArguments } from '../../../sidecar/image/arguments';
import { baseLayer, CA_PATH, DebianPackage } from '../../../sidecar/image/base-layer';
import { containerConfig, imageConfig } from '../../../sidecar/image/image-config';
import { DEBIAN_PACKAGES, PLATFORMS } from '../../../sidecar/image/platforms';
import { tar } from '../../../sidecar/image/tar';
import { Archive } from '../../../sidecar/image/untar';
import { ENTRY_POINTS, PATHS, PLATFORM_UID, RUNTIME_FILES } from '../../../src/protocol/paths';

const archive = (name: string, files: Readonly<Record<string, string | Buffer>>) =>
  new Archive(tar(Object.entries(files).map(([path, text]) => ({ path, mode: 0o644, bytes: Buffer.from(text as string) })), 0), name);

/** Packages with the files that a base layer takes, and some that it does not. */
function packages(triplet: string, loader: string): DebianPackage[] {
  const library = (...names: string[]) => Object.fromEntries(names.map((name) => [`usr/lib/${triplet}/${name}`, name]));
  const contents: Record<string, Record<string, string>> = {
    'ca-certificates': {
      'usr/share/ca-certificates/mozilla/B.crt': '-----BEGIN CERTIFICATE-----\nB\n-----END CERTIFICATE-----',
      'usr/share/ca-certificates/mozilla/A.crt': '-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n',
      'usr/sbin/update-ca-certificates': '#!/bin/sh',
    },
    'libc6': {
      ...library('libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'libresolv.so.2', 'librt.so.1', loader),
      ...library('libmemusage.so'),
      'sbin/ldconfig': 'program',
    },
    'libgcc-s1': library('libgcc_s.so.1'),
    'libstdc++6': library('libstdc++.so.6'),
  };
  return DEBIAN_PACKAGES.map((name) => ({
    name,
    control: Buffer.from(`Package: ${name}\n`),
    files: archive(name, { ...contents[name], [`usr/share/doc/${name}/copyright`]: 'terms' }),
  }));
}

const NODE = archive('node', { 'package/bin/node': smallProgram(), 'package/LICENSE': 'MIT', 'package/bin/npm': 'another program' });
const { amd64, arm64 } = PLATFORMS;
const debian = packages(amd64.triplet, 'ld-linux-x86-64.so.2');
const base = baseLayer(amd64, NODE, debian);

describe('the base layer', () => {
  const textOf = (path: string) => Buffer.from(base.find((entry) => `/${entry.path}` === path)!.bytes!).toString();

  test('has one program, Node; all else that can be executed is its libraries', () => {
    const executable = base.filter(({ mode, bytes }) => bytes !== undefined && (mode & 0o111) !== 0).map(({ path }) => path);
    expect(executable.filter((path) => !/\/lib\/.*\.so[.\d]*$/.test(path)).map((path) => `/${path}`)).toEqual([RUNTIME_FILES.node]);
  });

  test.each([
    ['amd64', base, 'ld-linux-x86-64.so.2'],
    ['arm64', baseLayer(arm64, NODE, packages(arm64.triplet, 'ld-linux-aarch64.so.1')), 'ld-linux-aarch64.so.1'],
  ])('has Node, its loader and its libraries in the folder of the runtime, where Node looks for them: %s', (_architecture, entries, loader) => {
    const executable = entries.filter(({ mode, bytes }) => bytes !== undefined && (mode & 0o111) !== 0);
    expect(executable.filter(({ path }) => !`/${path}`.startsWith(`${PATHS.runtime}/`))).toEqual([]);
    expect(executable.map(({ path }) => `/${path}`)).toContain(`${RUNTIME_FILES.libraries}/${loader}`);
    const node = Buffer.from(executable.find(({ path }) => `/${path}` === RUNTIME_FILES.node)!.bytes!).toString('latin1');
    expect(node).toContain(`${RUNTIME_FILES.libraries}/${loader}\0${RUNTIME_FILES.libraries}\0`);
  });

  test('has nothing that another than root can write, except /tmp', () => {
    expect(base.filter(({ mode }) => (mode & 0o022) !== 0).map(({ path }) => path)).toEqual(['tmp']);
  });

  test('has nothing that runs with the rights of its owner', () => {
    expect(base.filter(({ mode }) => (mode & 0o6000) !== 0)).toEqual([]);
  });

  test('has the certificates in one file, in the order of their names', () => {
    expect(textOf(CA_PATH)).toBe('-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nB\n-----END CERTIFICATE-----\n');
  });

  test('names the user that it runs as, and no user with a shell', () => {
    expect(textOf('/etc/passwd')).toContain(`nonroot:x:${PLATFORM_UID}:${PLATFORM_UID}:`);
    expect(textOf('/etc/passwd').trim().split('\n').every((line) => line.endsWith(':/sbin/nologin'))).toBe(true);
  });

  test('says to scanners which packages it is made of, and carries their terms', () => {
    expect(base.filter(({ path }) => path.startsWith('var/lib/dpkg/status.d/'))).toHaveLength(DEBIAN_PACKAGES.length);
    expect(base.filter(({ path }) => /copyright$|LICENSE$/.test(path)).length).toBeGreaterThanOrEqual(4);
  });

  test.each(['libc6', 'libstdc++6', 'ca-certificates'])('is refused without the package %s', (missing) => {
    expect(() => baseLayer(amd64, NODE, debian.filter(({ name }) => name !== missing))).toThrow(`the pins for amd64 have no package ${missing}`);
  });

  test('is refused when a package is of another architecture', () => {
    expect(() => baseLayer(arm64, NODE, debian)).toThrow("libc6 has no file 'usr/lib/aarch64-linux-gnu/");
  });

  test('is refused without certificates', () => {
    const none = debian.map((one) => (one.name === 'ca-certificates' ? { ...one, files: archive('none', { x: '' }) } : one));
    expect(() => baseLayer(amd64, NODE, none)).toThrow('the package ca-certificates holds no certificates');
  });
});

describe('the layer of the servers', () => {
  const PROGRAMS = Object.values(ENTRY_POINTS).map((path) => basename(path));
  const bundle = (...paths: string[]) => paths.map((path) => ({ path, bytes: Buffer.from(path) }));

  test('has bundles, chunks and licence texts under /app', () => {
    expect(appLayer(bundle(...PROGRAMS, 'chunks/x-1.mjs', 'broker.mjs.LEGAL.txt')).map(({ path }) => `/${path}`))
      .toEqual([...Object.values(ENTRY_POINTS), '/app/chunks/x-1.mjs', '/app/broker.mjs.LEGAL.txt']);
  });

  test.each(['broker.mjs.map', 'meta.json', 'image-amd64.tar', 'image-amd64.digest.json', '.env', 'broker.ts'])('leaves out %s', (path) => {
    expect([isShipped(path), appLayer(bundle(...PROGRAMS, path))]).toEqual([false, appLayer(bundle(...PROGRAMS))]);
  });

  test.each(PROGRAMS)('is refused without %s', (program) => {
    expect(() => appLayer(bundle(...PROGRAMS.filter((one) => one !== program)))).toThrow(`the bundle folder has no ${program}; run \`npm run bundle\` first`);
  });
});

describe('how containers run', () => {
  const metadata = { version: '1.2.3', description: 'about', license: 'Apache-2.0', source: 'https://example.com/x' };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const config = containerConfig(metadata) as any;

  test('as a user that is not root, with Node as entry point and no command', () => {
    expect(config).toMatchObject({ User: '65532:65532', Entrypoint: [RUNTIME_FILES.node] });
    expect(config.Cmd).toBeUndefined();
  });

  test('is said in the Dockerfile too', () => {
    const lines = readFileSync('sidecar/Dockerfile', 'utf8').split('\n');
    const said = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    expect(said('FROM')).toEqual(['scratch']);
    expect(said('ENV')).toEqual(config.Env);
    expect(said('USER')).toEqual([config.User]);
    expect(said('ENTRYPOINT')).toEqual([JSON.stringify(config.Entrypoint)]);
    expect(said('WORKDIR')).toEqual([config.WorkingDir]);
    expect(said('RUN')).toEqual([]);
  });

  test('has a history with one entry for each layer, as engines want', () => {
    const layers = [{ diffId: 'sha256:a', purpose: 'base' }, { diffId: 'sha256:b', purpose: 'servers' }];
    expect(imageConfig('arm64', metadata, '1970-01-01T00:00:00Z', layers)).toMatchObject({
      architecture: 'arm64',
      rootfs: { diff_ids: ['sha256:a', 'sha256:b'] },
      history: [{ created_by: 'base' }, { created_by: 'servers' }],
    });
  });
});

describe('the command line', () => {
  test('builds for this machine, dated 1970, unless told otherwise', () => {
    expect(buildArguments([], undefined, 'x64')).toEqual({ platforms: [amd64], rootfs: false, seconds: 0 });
    expect(buildArguments(['--arch', 'amd64', '--arch', 'arm64'], '86400', 'arm64')).toEqual({ platforms: [amd64, arm64], rootfs: false, seconds: 86400 });
    expect(buildArguments(['--rootfs'], '', 'arm64')).toEqual({ platforms: [arm64], rootfs: true, seconds: 0 });
  });

  test.each([
    [['--push'], /unknown argument '--push', allowed are --arch NAME/],
    [['--arch'], /unknown argument '--arch'/],
    [['--arch', 's390x'], /no image for architecture 's390x', allowed are amd64, arm64/],
    [['--arch', 'amd64', '--arch', 'arm64', '--rootfs'], /--rootfs writes one folder/],
  ])('%j is refused', (args, message) => {
    expect(() => buildArguments(args, undefined, 'x64')).toThrow(message);
  });

  test.each(['now', '-1', '1.5', '0x10', '12345678901', ' 1'])('SOURCE_DATE_EPOCH=%j is refused', (epoch) => {
    expect(() => buildArguments([], epoch, 'x64')).toThrow(/SOURCE_DATE_EPOCH must be whole seconds/);
  });
});
