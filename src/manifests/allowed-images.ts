import { celLiteral } from './admission-cel';

/** Where the images of runs may come from. */
export interface AllowedImages {
  /** Images that pods of runs may have in any case. */
  readonly ownImages: readonly string[];
  /** Prefixes of the others; all are allowed, when missing. */
  readonly allowedRegistries?: readonly string[];
}

/** Whether a pod of a run may have an image: the same question as `allowedImageCel`, for what synth knows already. */
export function isAllowedImage(image: string, { ownImages, allowedRegistries }: AllowedImages): boolean {
  return allowedRegistries === undefined || ownImages.includes(image) || allowedRegistries.some((prefix) => image.startsWith(prefix));
}

/** CEL of whether the image of the container `c` is one of them. */
export function allowedImageCel(ownImages: readonly string[], allowedRegistries: readonly string[]): string {
  return [`c.image in ${celLiteral(ownImages)}`, ...allowedRegistries.map((prefix) => `c.image.startsWith('${prefix}')`)].join(' || ');
}
