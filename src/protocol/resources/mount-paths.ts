import { DEFAULTS } from './defaults';
import type { HarnessTemplateSpec } from './harness-template';
import { homePath, sharedPath } from './template-pod';
import { PATHS } from '../paths';
import { RUN_PATHS } from '../runs';

interface Place {
  readonly what: string;
  readonly path: string;
}

/** What every pod of a run has. Below `/etc` are the CA bundle and files of the kubelet. */
const TAKEN: readonly Place[] = [
  { what: 'temporary files', path: PATHS.temporary },
  { what: "the platform's own files", path: RUN_PATHS.shared },
  ...['/dev', '/etc', '/proc', '/sys'].map((path) => ({ what: 'files of the system', path })),
];

/**
 * Which volumes of a template's pods would hide each other, one text each. `template` has its base merged in;
 * `baseUnknown` when it has one that could not be, so that defaults must not be taken for what the base says.
 */
export function mountProblems({ workspace = {}, pod = {} }: HarnessTemplateSpec, baseUnknown = false): string[] {
  const places = [
    ...TAKEN,
    ...baseUnknown && pod.userName === undefined ? [] : [{ what: 'the home directory', path: homePath(pod) }],
    ...baseUnknown && workspace.mountPath === undefined ? [] : [{ what: 'the workspace', path: workspace.mountPath ?? DEFAULTS.mountPath }],
    ...(pod.sharedDirectories ?? []).map((directory) => ({ what: `the shared directory '${directory.name}'`, path: sharedPath(directory) })),
  ];
  return places.flatMap((place, index) => places.slice(0, index)
    .filter((earlier) => contains(place.path, earlier.path) || contains(earlier.path, place.path))
    .map((earlier) => `the mount path of ${place.what} must neither be in that of ${earlier.what}, '${earlier.path}', nor hold it, got '${place.path}'`));
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
