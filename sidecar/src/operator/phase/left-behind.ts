/** Begins what is said of a pod that is to end on a node that is silent. */
export const LEFT_BEHIND = 'the pod is to end but its node does not answer; delete the pod by force only when the node is really off';
