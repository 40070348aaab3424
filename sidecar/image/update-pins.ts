import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Apt } from './apt';
import { NodePin, parsePins, Pins } from './pins';
import { DEBIAN_PACKAGES, DEBIAN_SOURCES, ImagePlatform, PLATFORMS } from './platforms';
import { run } from './run';

/** Release line of Node in the image: the one with long-term support. */
const NODE_LINE = '24';

/** Writes the pins file of an architecture from what npm and Debian offer now. The difference is for a person to review. */
function refresh(platform: ImagePlatform, nodeVersion: string): void {
  const apt = new Apt(platform.architecture, DEBIAN_SOURCES);
  try {
    apt.update();
    const packages = DEBIAN_PACKAGES.map((name) => apt.candidate(name));
    const pins: Pins = { node: nodePin(platform.nodePackage, nodeVersion), sources: DEBIAN_SOURCES, packages };
    const text = `${JSON.stringify(pins, undefined, 2)}\n`;
    const file = join(__dirname, 'pins', `${platform.architecture}.json`);
    parsePins(text, file);
    writeFileSync(file, text);
    const contents = [{ name: pins.node.package, version: pins.node.version }, ...packages];
    console.log(`${platform.architecture}: ${contents.map(({ name, version }) => `${name} ${version}`).join(', ')}`);
  } finally {
    apt.dispose();
  }
}

function nodePin(name: string, version: string): NodePin {
  return { package: name, version, integrity: JSON.parse(npmView(`${name}@${version}`, 'dist.integrity')) };
}

/** Newest of the release line. One version for all architectures. */
function newestNode(name: string): string {
  const versions: string[] = JSON.parse(npmView(name, 'versions'));
  const ofLine = versions.filter((version) => new RegExp(`^${NODE_LINE}\\.\\d+\\.\\d+$`).test(version));
  const order = (version: string) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
  return ofLine.reduce((a, b) => (order(a) > order(b) ? a : b));
}

function npmView(name: string, field: string): string {
  return run('npm', ['view', name, field, '--json']).toString();
}

const version = process.argv[2] ?? newestNode(PLATFORMS.amd64.nodePackage);
for (const platform of Object.values(PLATFORMS)) refresh(platform, version);
