/** When a node pulls an image. */
export enum ImagePullPolicy {
  /** Before every start. */
  ALWAYS = 'Always',
  /** When the node does not have it. */
  IF_NOT_PRESENT = 'IfNotPresent',
  /** Never: the node must have it. */
  NEVER = 'Never',
}
