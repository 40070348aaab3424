/** One npm package, fixed by the hash of its tarball. */
export interface NodePin {
  readonly package: string;
  readonly version: string;
  /** Subresource integrity, as the registry and lock files write it. */
  readonly integrity: string;
}

/** One Debian package, fixed by the hash of its file. */
export interface DebianPin {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** Everything an image is made of that is not in this repository. */
export interface Pins {
  readonly node: NodePin;
  /** Lines of an apt source list, without type and options: where the packages are looked for. */
  readonly sources: readonly string[];
  readonly packages: readonly DebianPin[];
}

const NAME = /^[a-z0-9][a-z0-9+.-]*$/;
const VERSION = /^[0-9][A-Za-z0-9.+~:-]*$/;
const SOURCE = /^https?:\/\/\S+ [a-z-]+(?: [a-z-]+)+$/;
const SOURCE_FORM = "lines such as 'http://host/debian suite main'";

const FORMS = {
  'node.package': [NAME, 'an npm package name'],
  'node.version': [/^\d+\.\d+\.\d+$/, 'an exact version such as 24.1.0'],
  'node.integrity': [/^sha512-[A-Za-z0-9+/]{86}==$/, "'sha512-' and 88 base64 digits"],
  'name': [NAME, 'a Debian package name'],
  'version': [VERSION, 'a Debian version'],
  'sha256': [/^[a-f0-9]{64}$/, '64 lower-case hexadecimal digits'],
} as const satisfies Record<string, readonly [RegExp, string]>;

/**
 * Reads a pins file.
 *
 * @param file Name for messages.
 * @throws Error when a field is missing, unknown or has another form: nothing unpinned gets into an image.
 */
export function parsePins(text: string, file: string): Pins {
  const refuse = (message: string): never => { throw new Error(`${file}: ${message}`); };
  const object = (value: unknown, where: string, fields: readonly string[]): Record<string, unknown> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(`${where} must be an object`);
    const unknown = Object.keys(value).filter((key) => !fields.includes(key));
    if (unknown.length > 0) refuse(`${where} has the unknown field '${unknown[0]}', allowed are ${fields.join(', ')}`);
    return value as Record<string, unknown>;
  };
  const form = (value: unknown, where: string, kind: keyof typeof FORMS): string => {
    const [pattern, wanted] = FORMS[kind];
    return typeof value === 'string' && pattern.test(value) ? value : refuse(`${where} must be ${wanted}, got ${JSON.stringify(value)}`);
  };
  const list = (value: unknown, where: string): unknown[] => (
    Array.isArray(value) && value.length > 0 ? value : refuse(`${where} must be a list that is not empty`)
  );
  const source = (line: unknown): string => isSource(line) ? line : refuse(`sources must be ${SOURCE_FORM}, got ${JSON.stringify(line)}`);

  const root = object(parsed(text, refuse), 'the file', ['node', 'sources', 'packages']);
  const node = object(root.node, 'node', ['package', 'version', 'integrity']);
  return {
    node: {
      package: form(node.package, 'node.package', 'node.package'),
      version: form(node.version, 'node.version', 'node.version'),
      integrity: form(node.integrity, 'node.integrity', 'node.integrity'),
    },
    sources: list(root.sources, 'sources').map(source),
    packages: list(root.packages, 'packages').map((entry, index) => {
      const pin = object(entry, `packages[${index}]`, ['name', 'version', 'sha256']);
      const field = (key: 'name' | 'version' | 'sha256') => form(pin[key], `packages[${index}].${key}`, key);
      return { name: field('name'), version: field('version'), sha256: field('sha256') };
    }),
  };
}

/**
 * The source lines to use: the pinned ones, or those of `IMAGE_DEBIAN_SOURCES`, separated by semicolons, for a mirror
 * or an archive that still has superseded versions.
 *
 * @throws Error when a line has another form, as it goes into an apt configuration.
 */
export function debianSources(pinned: readonly string[], override: string | undefined): readonly string[] {
  if (override === undefined) return pinned;
  const lines = override.split(';').map((line) => line.trim());
  const wrong = lines.find((line) => !isSource(line));
  if (wrong !== undefined) throw new Error(`IMAGE_DEBIAN_SOURCES must be ${SOURCE_FORM}, separated by ';', got '${wrong}'`);
  return lines;
}

function isSource(line: unknown): line is string {
  return typeof line === 'string' && SOURCE.test(line);
}

function parsed(text: string, refuse: (message: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(`not JSON: ${(error as Error).message}`);
  }
}
