import { readFileSync } from 'node:fs';

/**
 * The image that runs the platform's servers.
 *
 * Pinned by digest, so that what was reviewed is what runs: a tag can be moved to
 * other content after the review.
 */
export class SidecarImage {
  /**
   * An image by registry path and digest.
   *
   * @param repository Registry host and path without tag, such as `registry.example.com/team/agent-platform`.
   * @param digest Content digest: `sha256:` and 64 lower-case hexadecimal digits.
   * @throws Error when either has another form, or the repository carries a tag.
   */
  public static fromDigest(repository: string, digest: string): SidecarImage {
    requireRepository(repository);
    if (!DIGEST.test(digest)) {
      throw new Error(`image digest must be 'sha256:' and 64 lower-case hexadecimal digits, got '${digest}'`);
    }
    return new SidecarImage(`${repository}@${digest}`, true);
  }

  /**
   * An image that was built here: `npm run image` writes the digest file beside the archive. Push the archive to the
   * repository with a tool that keeps digests. The file is read at synth.
   *
   * @param repository Registry host and path without tag, such as `registry.example.com/team/agent-platform`.
   * @param file Path of the digest file, absolute or from the working directory.
   * @throws Error when the file is missing or is not a digest file.
   */
  public static fromDigestFile(repository: string, file: string): SidecarImage {
    const { digest, mediaType } = digestFile(file);
    if (typeof mediaType !== 'string' || !IMAGE_TYPES.includes(mediaType)) {
      throw new Error(`image digest file '${file}': mediaType must be ${IMAGE_TYPES.map((type) => `'${type}'`).join(' or ')}, got ${JSON.stringify(mediaType)}`);
    }
    if (typeof digest !== 'string' || !DIGEST.test(digest)) {
      throw new Error(`image digest file '${file}': digest must be 'sha256:' and 64 lower-case hexadecimal digits, got ${JSON.stringify(digest)}`);
    }
    return SidecarImage.fromDigest(repository, digest);
  }

  /**
   * An image by its full reference, which must carry a digest.
   *
   * @param reference Such as `registry.example.com/team/agent-platform@sha256:…`. A tag before the `@` is refused, as it would be ignored.
   * @throws Error when the reference has no digest.
   */
  public static fromReference(reference: string): SidecarImage {
    const at = reference.indexOf('@');
    if (at < 0) {
      throw new Error(`image '${reference}' has no digest, so its content may change after review; add '@sha256:…', or name the risk with SidecarImage.fromMutableTag`);
    }
    return SidecarImage.fromDigest(reference.slice(0, at), reference.slice(at + 1));
  }

  /**
   * An image by tag, for development: whoever can push the tag can change what runs.
   *
   * @param repository Registry host and path without tag.
   * @param tag Tag of at most 128 letters, digits, `_`, `.` and `-`.
   */
  public static fromMutableTag(repository: string, tag: string): SidecarImage {
    requireRepository(repository);
    if (!TAG.test(tag)) throw new Error(`image tag must be 1 to 128 letters, digits, '_', '.' or '-', not starting with '.' or '-', got '${tag}'`);
    return new SidecarImage(`${repository}:${tag}`, false);
  }

  private constructor(
    /** The full image reference, as it stands in pods. */
    public readonly reference: string,
    /** Whether the reference names fixed content. */
    public readonly pinned: boolean,
  ) {}
}

// Grammar of https://github.com/distribution/reference, without tag and digest.
const PATH_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const HOST = '(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)(?:\\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*(?::[0-9]{1,5})?';
const REPOSITORY = new RegExp(`^(?:${HOST}/)?${PATH_PART}(?:/${PATH_PART})*$`);
const DIGEST = /^sha256:[a-f0-9]{64}$/;
/** What may be pulled by digest; a configuration or a layer has a digest too, and no registry runs those. */
const IMAGE_TYPES = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json'];
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

function requireRepository(repository: string): void {
  if (REPOSITORY.test(repository) && repository.length <= 255) return;
  throw new Error(`image repository must be a registry path without tag or digest, such as 'registry.example.com/team/agent-platform', got '${repository}'`);
}

function digestFile(file: string): { readonly digest?: unknown; readonly mediaType?: unknown } {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`image digest file '${file}' must be JSON as 'npm run image' writes it: ${(error as Error).message}`);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  throw new Error(`image digest file '${file}' must be an object with digest and mediaType, as 'npm run image' writes it`);
}
