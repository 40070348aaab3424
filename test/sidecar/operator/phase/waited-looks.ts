import { condition, document, said, waiting } from './pod-documents';

const SCHEDULER = '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.';
export const NO_NODE = document({ startTime: undefined, conditions: [condition('PodScheduled', 'False', { reason: 'Unschedulable', message: SCHEDULER })] });
export const UNSCHEDULABLE = said('Unschedulable', undefined, `no node takes the pod now; the scheduler says: ${SCHEDULER}`);
export const WAITED = 'its time was over while it waited: Unschedulable: no node takes the pod now; the scheduler says: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.';
export const exactly = (text: string) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}$`);
export const CREATING = document({ containerStatuses: [waiting('agent', 'ContainerCreating')] });
export const MOUNT = said('ContainerCreating', undefined, 'container agent: ContainerCreating; MountVolume.SetUp failed');
export const LATE = { kind: 'ended', agent: 'error', reason: 'DeadlineExceeded', retryable: false } as const;
