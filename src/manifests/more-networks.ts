/** Annotations with which a pod gets an interface that no NetworkPolicy knows. https://github.com/k8snetworkplumbingwg/multi-net-spec */
export const MORE_NETWORKS = ['k8s.v1.cni.cncf.io/networks', 'v1.multus-cni.io/default-network'] as const;
