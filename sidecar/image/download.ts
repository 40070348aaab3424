import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Apt } from './apt';
import type { DebianPackage } from './base-layer';
import type { DownloadCache } from './cache';
import type { Expected } from './integrity';
import type { DebianPin, NodePin } from './pins';
import { run } from './run';
import { Archive } from './untar';

/** The npm package of a pinned Node, opened. */
export function nodeArchive(pin: NodePin, cache: DownloadCache): Archive {
  const what = `${pin.package}@${pin.version}`;
  const expected = pin.integrity as Expected;
  const packed = cache.get(expected) ?? cache.put(expected, npmPack(what), what);
  return new Archive(gunzipSync(packed), what);
}

function npmPack(what: string): Buffer {
  return inFolder((folder) => {
    run('npm', ['pack', what, '--silent', '--ignore-scripts', '--pack-destination', folder], folder);
    const [name] = readdirSync(folder);
    return readFileSync(join(folder, name));
  });
}

/** The pinned Debian packages, opened. apt is asked only for what the cache does not have. */
export function debianPackages(pins: readonly DebianPin[], architecture: string, sources: readonly string[], cache: DownloadCache): DebianPackage[] {
  let apt: Apt | undefined;
  const fetch = (pin: DebianPin): Buffer => {
    if (apt === undefined) {
      apt = new Apt(architecture, sources);
      apt.update();
    }
    return apt.download(pin);
  };
  try {
    return pins.map((pin) => {
      const expected: Expected = `sha256:${pin.sha256}`;
      return opened(pin, cache.get(expected) ?? cache.put(expected, fetch(pin), `${pin.name} ${pin.version} for ${architecture}`));
    });
  } finally {
    apt?.dispose();
  }
}

function opened({ name }: DebianPin, bytes: Buffer): DebianPackage {
  return inFolder((folder) => {
    const file = join(folder, 'package.deb');
    writeFileSync(file, bytes);
    return { name, control: run('dpkg-deb', ['--field', file]), files: new Archive(run('dpkg-deb', ['--fsys-tarfile', file]), name) };
  });
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
