import { BadBytes, ByteReader } from './byte-reader';
import { namedHost } from '../targets/host-name';

/** Why a client's first bytes do not pass. */
export type HelloRefusal =
  /** Another protocol than TLS. */
  | 'NotTls'
  /** SSL 2, in whose form hellos of later versions came too. */
  | 'Ssl2'
  /** A version that is neither TLS 1.2 nor 1.3, or none that there is. */
  | 'Version'
  /** A record that carries something else, nothing, or too much. */
  | 'Record'
  /** Another message than a ClientHello, or one behind it. */
  | 'NotHello'
  | 'TooLong'
  /** Lengths that do not fit. */
  | 'Malformed'
  | 'RepeatedExtension'
  /** Several names, or one of another sort. */
  | 'ServerNames'
  /** A name that is no host name: an address, an absolute name, other characters. */
  | 'ServerName';

/** What a ClientHello says about where it wants to go. */
export interface Hello {
  readonly state: 'hello';
  /** In lower case; absent without the extension. */
  readonly serverName?: string;
  /** Names of protocols as Latin-1; they are bytes. Empty without the extension. */
  readonly alpn: readonly string[];
  /**
   * Whether the extension is there that hides the real hello. Whether it does, nobody can tell: clients send it with random
   * bytes too, to that end (https://www.rfc-editor.org/rfc/rfc9849#section-6.2). A server without its keys ignores it, so it does not
   * matter where TLS is terminated; a tunnel that passes it on may lead to another host of the same server.
   */
  readonly hasEch: boolean;
}

export class RefusedHello extends Error {
  constructor(readonly reason: HelloRefusal) {
    super(reason);
  }
}

/** https://www.iana.org/assignments/tls-extensiontype-values; 0xffce is what drafts before ECH used. */
const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_HELLO: readonly number[] = [0xfe0d, 0xffce];

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;

const HOST_NAME = 0;
const NO_COMPRESSION = 0;

/** Reads the body of a ClientHello. https://www.rfc-editor.org/rfc/rfc8446#section-4.1.2 and, for TLS 1.2, https://www.rfc-editor.org/rfc/rfc5246#section-7.4.1.2 */
export function readHello(body: Buffer): Hello {
  try {
    return helloIn(new ByteReader(body));
  } catch (error) {
    if (error instanceof BadBytes) throw new RefusedHello('Malformed');
    throw error;
  }
}

function helloIn(reader: ByteReader): Hello {
  if (reader.number(2) !== TLS_1_2) throw new RefusedHello('Version');
  reader.take(32); // random
  if (reader.vector(1, 0).length > 32) throw new RefusedHello('Malformed'); // session id
  if (reader.vector(2, 2).length % 2 !== 0) throw new RefusedHello('Malformed'); // cipher suites
  if (!reader.vector(1, 1).includes(NO_COMPRESSION)) throw new RefusedHello('Malformed');
  const extensions = reader.isEmpty ? new Map<number, Buffer>() : extensionsIn(new ByteReader(reader.vector(2, 0)));
  reader.end();
  checkVersions(extensions.get(SUPPORTED_VERSIONS));
  const serverName = serverNameIn(extensions.get(SERVER_NAME));
  return {
    state: 'hello',
    ...(serverName === undefined ? {} : { serverName }),
    alpn: protocolsIn(extensions.get(ALPN)),
    hasEch: ENCRYPTED_HELLO.some((type) => extensions.has(type)),
  };
}

/** Of two with one type, a server may read the other one. */
function extensionsIn(reader: ByteReader): Map<number, Buffer> {
  const extensions = new Map<number, Buffer>();
  while (!reader.isEmpty) {
    const type = reader.number(2);
    if (extensions.has(type)) throw new RefusedHello('RepeatedExtension');
    extensions.set(type, reader.vector(2, 0));
  }
  return extensions;
}

/** https://www.rfc-editor.org/rfc/rfc8446#section-4.2.1 */
function checkVersions(data: Buffer | undefined): void {
  if (data === undefined) return;
  const versions = new ByteReader(only(data, 1, 2));
  let isOffered = false;
  while (!versions.isEmpty) {
    const version = versions.number(2);
    isOffered ||= version === TLS_1_2 || version === TLS_1_3;
  }
  if (!isOffered) throw new RefusedHello('Version');
}

/** https://www.rfc-editor.org/rfc/rfc6066#section-3: one host name, no address, without the dot of an absolute name. */
function serverNameIn(data: Buffer | undefined): string | undefined {
  if (data === undefined) return undefined;
  const names = new ByteReader(only(data, 2, 1));
  const type = names.number(1);
  const name = names.vector(2, 1);
  if (type !== HOST_NAME || !names.isEmpty) throw new RefusedHello('ServerNames');
  const text = name.toString('latin1');
  const named = text.endsWith('.') ? undefined : hostOf(text);
  if (named?.kind !== 'name') throw new RefusedHello('ServerName');
  return named.host;
}

function hostOf(text: string): ReturnType<typeof namedHost> | undefined {
  try {
    return namedHost(text);
  } catch {
    return undefined;
  }
}

/** https://www.rfc-editor.org/rfc/rfc7301#section-3.1 */
function protocolsIn(data: Buffer | undefined): string[] {
  return data === undefined ? [] : new ByteReader(only(data, 2, 2)).vectors(1, 1).map((name) => name.toString('latin1'));
}

/** The one vector that an extension consists of. */
function only(data: Buffer, size: number, shortest: number): Buffer {
  const reader = new ByteReader(data);
  const vector = reader.vector(size, shortest);
  reader.end();
  return vector;
}
