import { rehomed } from './elf';
import type { ImagePlatform } from './platforms';
import type { Entry } from './tar';
import type { Archive } from './untar';
import { PLATFORM_UID, RUNTIME_FILES } from '../../src/protocol/paths';

/** A Debian package, opened. */
export interface DebianPackage {
  readonly name: string;
  /** Its control paragraph. */
  readonly control: Buffer;
  readonly files: Archive;
}

/** Where the CA certificates are in the image. */
export const CA_PATH = '/etc/ssl/certs/ca-certificates.crt';

/** What Node links to, by package. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'libc6': ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'libresolv.so.2', 'librt.so.1'],
  'libgcc-s1': ['libgcc_s.so.1'],
  'libstdc++6': ['libstdc++.so.6'],
};

const COPYRIGHTS: Readonly<Record<string, string>> = {
  'ca-certificates': 'usr/share/doc/ca-certificates/copyright',
  'gcc-14-base': 'usr/share/doc/gcc-14-base/copyright',
  'libc6': 'usr/share/doc/libc6/copyright',
};

/**
 * The part of the image that stays the same from version to version: Node, what it links to, and CA certificates. No shell.
 * Node and libraries lie, and look for one another, where worker pods have their copy.
 */
export function baseLayer(platform: ImagePlatform, node: Archive, debian: readonly DebianPackage[]): Entry[] {
  const packageOf = (name: string): DebianPackage => {
    const found = debian.find((one) => one.name === name);
    if (found === undefined) throw new Error(`the pins for ${platform.architecture} have no package ${name}`);
    return found;
  };
  // Plain files instead of Debian's links: nothing in the image points anywhere.
  const libraries = Object.entries({ ...LIBRARIES, libc6: [platform.loader, ...LIBRARIES.libc6] }).flatMap(([name, files]) => files.map((file) => (
    { path: `${RUNTIME_FILES.libraries.slice(1)}/${file}`, mode: 0o755, bytes: packageOf(name).files.read(`usr/lib/${platform.triplet}/${file}`) }
  )));
  const home = { loader: `${RUNTIME_FILES.libraries}/${platform.loader}`, libraries: RUNTIME_FILES.libraries };
  return [
    { path: RUNTIME_FILES.node.slice(1), mode: 0o755, bytes: rehomed(node.read('package/bin/node'), home) },
    ...libraries,
    { path: CA_PATH.slice(1), mode: 0o644, bytes: certificates(packageOf('ca-certificates').files) },
    { path: 'usr/share/doc/node/LICENSE', mode: 0o644, bytes: node.read('package/LICENSE') },
    ...Object.entries(COPYRIGHTS).map(([name, path]) => ({ path, mode: 0o644, bytes: packageOf(name).files.read(path) })),
    // Scanners learn from these what the image holds, although it has no package manager.
    ...debian.map(({ name, control }) => ({ path: `var/lib/dpkg/status.d/${name}`, mode: 0o644, bytes: control })),
    ...Object.entries(TEXTS).map(([path, text]) => ({ path, mode: 0o644, bytes: Buffer.from(text) })),
    { path: 'tmp', mode: 0o1777 },
  ];
}

/** One file of all certificates that the package ships, in the order of their names. */
function certificates(files: Archive): Buffer {
  const names = files.find(/^usr\/share\/ca-certificates\/.+\.crt$/);
  if (names.length === 0) throw new Error('the package ca-certificates holds no certificates');
  return Buffer.concat(names.flatMap((name) => [Buffer.from(files.read(name).toString('latin1').trimEnd()), Buffer.from('\n')]));
}

const TEXTS: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${PLATFORM_UID}:${PLATFORM_UID}:nonroot:/tmp:/sbin/nologin\n`,
  'etc/group': `root:x:0:\nnonroot:x:${PLATFORM_UID}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/os-release': 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="cdk8s-agent-platform, libraries of Debian 13"\n',
};
