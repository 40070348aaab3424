import { AllowedImages, isAllowedImage } from '../manifests/allowed-images';
import type { HarnessTemplateSpec } from '../protocol/resources';

/** Images that the API server would refuse in the pods of runs, each with the field of the template that names it. */
export function imageProblems({ image, runtime }: HarnessTemplateSpec, allowed: AllowedImages = { ownImages: [] }): string[] {
  const named = Object.entries({ 'image': image, 'runtime.image': runtime?.image });
  return named
    .filter(([, name]) => name !== undefined && !isAllowedImage(name, allowed))
    .map(([field, name]) => `${field} must be from ${allowed.allowedRegistries?.join(', ')}, as runs.allowedRegistries of the platform says, got '${name}'`);
}
