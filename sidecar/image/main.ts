import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { appLayer, BundleFile, isShipped } from './app-layer';
import { buildArguments } from './arguments';
import { baseLayer } from './base-layer';
import { cacheFolder, DownloadCache } from './cache';
import { debianPackages, nodeArchive } from './download';
import type { ImageMetadata } from './image-config';
import { ociArchive } from './oci';
import { debianSources, parsePins } from './pins';
import { ImagePlatform, platformOf } from './platforms';
import { runtimeEntries, runtimeList } from './runtime';
import { sessionHelper } from './session-helper';
import type { Entry } from './tar';

const DIST = join(__dirname, '..', 'dist');

function main(): void {
  const { platforms, rootfs, seconds: date } = buildArguments(process.argv.slice(2), process.env.SOURCE_DATE_EPOCH, process.arch);
  const files = bundleFiles();
  const roles = JSON.parse(readFileSync(join(DIST, 'roles.json'), 'utf8'));
  for (const platform of platforms) {
    const started = Date.now();
    const base = baseEntries(platform);
    const runtime = runtimeEntries(roles, files, sessionHelper(platform, platformOf(process.arch).architecture, (message) => console.warn(message)));
    const app = [...appLayer(files), ...runtime, runtimeList([...base, ...runtime])];
    const layers = [{ purpose: 'Node.js, its libraries and CA certificates', entries: base }, { purpose: 'servers', entries: app }];
    const { archive, digest } = ociArchive({ architecture: platform.architecture, metadata: metadata(), layers, seconds: date });

    const name = join(DIST, `image-${platform.architecture}`);
    writeFileSync(`${name}.tar`, archive);
    writeFileSync(`${name}.digest.json`, `${JSON.stringify(digest, undefined, 2)}\n`);
    if (rootfs) writeFolder(join(DIST, 'rootfs'), [...base, ...app]);
    const [megabytes, seconds] = [archive.length / 1e6, (Date.now() - started) / 1000].map((number) => number.toFixed(1));
    console.log(`${digest.platform}  ${digest.digest}  ${megabytes} MB  ${seconds} s  sidecar/dist/image-${platform.architecture}.tar`);
  }
}

function baseEntries(platform: ImagePlatform): Entry[] {
  const file = join(__dirname, 'pins', `${platform.architecture}.json`);
  const pins = parsePins(readFileSync(file, 'utf8'), file);
  const cache = new DownloadCache(cacheFolder(process.env), (message) => console.warn(message));
  const sources = debianSources(pins.sources, process.env.IMAGE_DEBIAN_SOURCES);
  return baseLayer(platform, nodeArchive(pins.node, cache), debianPackages(pins.packages, platform.architecture, sources, cache));
}

function bundleFiles(): BundleFile[] {
  mkdirSync(DIST, { recursive: true });
  return readdirSync(DIST, { recursive: true, encoding: 'utf8' })
    .filter((path) => isShipped(path) && !/^rootfs[\\/]/.test(path))
    .map((path) => ({ path, bytes: readFileSync(join(DIST, path)) }));
}

function metadata(): ImageMetadata {
  const { version, description, license, repository } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8'));
  return { version, description, license, source: repository.url.replace(/^git\+|\.git$/g, '') };
}

function writeFolder(folder: string, entries: readonly Entry[]): void {
  rmSync(folder, { recursive: true, force: true });
  for (const { path, mode, bytes } of entries) {
    const target = join(folder, path);
    mkdirSync(bytes === undefined ? target : dirname(target), { recursive: true });
    if (bytes !== undefined) writeFileSync(target, bytes);
    // Set apart from writing, where the umask would take bits away.
    chmodSync(target, mode);
  }
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
