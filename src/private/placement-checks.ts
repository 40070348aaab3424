import { Placement } from '../placement';
import { labelProblem, objectNameProblem, problems } from './validation';

type Toleration = NonNullable<Placement['tolerations']>[number];

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** What the API server would refuse about a placement, one text each. */
export function placementProblems(placement: Placement = {}): string[] {
  const { nodeSelector = {}, tolerations = [], priorityClassName, runtimeClassName, imagePullSecrets = [] } = placement;
  return [
    ...Object.entries(nodeSelector).flatMap(([key, value]) => problems(labelProblem(key, value)).map((text) => `placement.nodeSelector: ${text}`)),
    ...tolerations.flatMap((toleration) => tolerationProblems(toleration).map((text) => `placement.tolerations: ${text}`)),
    ...problems(
      priorityClassName === undefined ? undefined : objectNameProblem('placement.priorityClassName', priorityClassName),
      runtimeClassName === undefined ? undefined : objectNameProblem('placement.runtimeClassName', runtimeClassName),
      ...imagePullSecrets.map((name) => objectNameProblem('placement.imagePullSecrets', name)),
    ),
  ];
}

function tolerationProblems({ key = '', operator = 'Equal', value = '', effect, tolerationSeconds }: Toleration): string[] {
  return problems(
    operator === 'Equal' || operator === 'Exists' ? undefined : `operator must be Equal or Exists, got '${operator}'`,
    key === '' && operator !== 'Exists' ? 'operator must be Exists where no key is named' : undefined,
    key === '' ? undefined : labelProblem(key, value),
    operator === 'Exists' && value !== '' ? `value must be left out with the operator Exists, got '${value}'` : undefined,
    effect === undefined || EFFECTS.includes(effect) ? undefined : `effect must be one of ${EFFECTS.join(', ')}, got '${effect}'`,
    tolerationSeconds === undefined || effect === 'NoExecute' ? undefined : 'tolerationSeconds needs the effect NoExecute',
  );
}
