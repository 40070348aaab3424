import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DebianPin } from './pins';
import { run } from './run';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** apt over its own folder: for any architecture, without root, and the machine's own package state is left alone. */
export class Apt {
  private readonly folder = mkdtempSync(join(tmpdir(), 'image-apt-'));
  private readonly options: readonly string[];

  /** @param sources Lines of a source list without type and options. */
  constructor(architecture: string, private readonly sources: readonly string[]) {
    for (const name of ['lists/partial', 'cache/archives/partial', 'parts']) mkdirSync(join(this.folder, name), { recursive: true });
    writeFileSync(join(this.folder, 'sources.list'), sources.map((line) => `deb [signed-by=${KEYRING}] ${line}\n`).join(''));
    this.options = Object.entries({
      'Dir::State::Lists': join(this.folder, 'lists'),
      'Dir::State::status': '/dev/null',
      'Dir::Etc::sourcelist': join(this.folder, 'sources.list'),
      'Dir::Etc::sourceparts': join(this.folder, 'parts'),
      'Dir::Cache': join(this.folder, 'cache'),
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'APT::Sandbox::User': '',
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
      // An archive of old states is expired by nature; what counts are the pinned hashes.
      'Acquire::Check-Valid-Until': 'false',
      'APT::Update::Error-Mode': 'any',
    }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  /** Fetches the package lists. */
  public update(): void {
    // Asked first: without apt, a missing key file is not the news.
    run('apt-get', ['--version']);
    if (!existsSync(KEYRING)) throw new Error('building the image needs the package debian-archive-keyring, by which apt checks what it fetches');
    run('apt-get', ['update', ...this.options]);
  }

  /**
   * Fetches the file of a package.
   *
   * @throws Error that tells where else to look when the version is no longer offered.
   */
  public download({ name, version }: DebianPin): Buffer {
    try {
      run('apt-get', ['download', ...this.options, `${name}=${version}`], this.folder);
    } catch (error) {
      throw new Error(`${name} ${version} is not to be had from ${this.sources.join(' or ')}. Debian drops superseded versions: refresh the pins, `
        + `or name an archive of old versions in IMAGE_DEBIAN_SOURCES (docs/how-to/build-the-image.md). ${(error as Error).message}`);
    }
    const file = readdirSync(this.folder).find((entry) => entry.startsWith(`${name}_`));
    if (file === undefined) throw new Error(`apt-get download ${name} left no file`);
    return readFileSync(join(this.folder, file));
  }

  /** The newest version on offer and the hash of its file. */
  public candidate(name: string): DebianPin {
    const paragraph = run('apt-cache', ['show', '--no-all-versions', ...this.options, name]).toString();
    const field = (key: string) => new RegExp(`^${key}: (.+)$`, 'm').exec(paragraph)?.[1] ?? '';
    return { name, version: field('Version'), sha256: field('SHA256') };
  }

  /** Removes the folder. */
  public dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
