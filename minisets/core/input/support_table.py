"""The support table: what minisets does with each field of the manifests. Data only.

A field is honoured, ignored with a notice, or refused. To change the status of a field, change
its line. Every field of every type that can be reached through honoured fields stands here; a
test walks the schema to see that none is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from minisets.core.input.source import Json


class Level(Enum):
    """What becomes of a field."""

    HONOURED = "honoured"
    IGNORED = "ignored with a notice"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Support:
    """The status of one field.

    Attributes:
        level: What becomes of it.
        reason: Why it is not honoured.
        harmless: Values that ask for nothing, and so are accepted without a word.
    """

    level: Level
    reason: str = ""
    harmless: tuple[Json, ...] = ()


NOTHING: tuple[Json, ...] = (False, "", [], {})


def ignored(reason: str, *harmless: Json) -> Support:
    """Make the status of a field that changes nothing here."""
    return Support(Level.IGNORED, reason, (*NOTHING, *harmless))


def refused(reason: str, *harmless: Json) -> Support:
    """Make the status of a field without which something else would run."""
    return Support(Level.REFUSED, reason, (*NOTHING, *harmless))


def refused_always(reason: str) -> Support:
    """Make the status of a field that is refused even when it is empty."""
    return Support(Level.REFUSED, reason)


YES = Support(Level.HONOURED)
NO_API = "there is no Kubernetes API here"
"""The reason for all that is of use only to a pod that speaks to the API."""

_ONE_NODE = ignored("there is one machine, so nothing is scheduled")
_NO_API = ignored(NO_API, "default")
_SERVER = ignored("it is set by the API server")
_STATUS = ignored("the status is computed")
_ONE_ADDRESS = ignored("ports are published on one address of this machine: --publish-address")
# True is the default; False asks for something.
_USERS = Support(
    Level.IGNORED, "user namespaces are a setting of the Docker daemon", ("", [], {}, True)
)
_WINDOWS = ignored("the Engine runs Linux containers")
_NO_PROXY = ignored("a Service is a DNS name here: nothing balances or routes its traffic")
_ONE_FAMILY = ignored("pods have the address family of their Docker network")
_LIVENESS = ignored("acted upon only while `minisets watch` runs; what exits is restarted anyway")
_CLUSTER_STORAGE = refused_always("storage of this kind needs a cluster; use a claim template")
_CLUSTER_PV = ignored("storage of this kind needs a cluster: its claim gets a plain volume")

_CLUSTER_VOLUMES = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc"),
    *("flexVolume", "flocker", "gcePersistentDisk", "glusterfs", "iscsi"),
    *("photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos"),
    "vsphereVolume",
)
# What every volume of files says of them.
_FILES = ("defaultMode", "defaultUser")

_OBJECT = {"apiVersion": YES, "kind": YES, "metadata": YES}

TABLE: dict[str, dict[str, Support]] = {
    "StatefulSet": {**_OBJECT, "spec": YES, "status": _STATUS},
    "ObjectMeta": {
        "annotations": YES,
        "labels": YES,
        "name": YES,
        "namespace": YES,
        "creationTimestamp": _SERVER,
        "deletionGracePeriodSeconds": _SERVER,
        "deletionTimestamp": _SERVER,
        "finalizers": ignored("there are no controllers that would finalize it"),
        "generateName": ignored("objects have the name that is written"),
        "generation": _SERVER,
        "managedFields": _SERVER,
        "ownerReferences": ignored("owners are not tracked between objects of a manifest"),
        "resourceVersion": _SERVER,
        "selfLink": _SERVER,
        "uid": _SERVER,
    },
    "StatefulSetSpec": {
        "minReadySeconds": YES,
        "ordinals": YES,
        "persistentVolumeClaimRetentionPolicy": YES,
        "podManagementPolicy": YES,
        "replicas": YES,
        "revisionHistoryLimit": YES,
        "selector": YES,
        "serviceName": YES,
        "template": YES,
        "updateStrategy": YES,
        "volumeClaimTemplates": YES,
    },
    "StatefulSetOrdinals": {"start": YES},
    "StatefulSetPersistentVolumeClaimRetentionPolicy": {"whenDeleted": YES, "whenScaled": YES},
    "StatefulSetUpdateStrategy": {"rollingUpdate": YES, "type": YES},
    "RollingUpdateStatefulSetStrategy": {"maxUnavailable": YES, "partition": YES},
    "LabelSelector": {"matchExpressions": YES, "matchLabels": YES},
    "LabelSelectorRequirement": {"key": YES, "operator": YES, "values": YES},
    "PodTemplateSpec": {"metadata": YES, "spec": YES},
    "PodSpec": {
        "activeDeadlineSeconds": refused("a pod of a StatefulSet has no deadline"),
        "affinity": _ONE_NODE,
        "automountServiceAccountToken": _NO_API,
        "containers": YES,
        "dnsConfig": YES,
        "dnsPolicy": YES,
        "enableServiceLinks": YES,
        "ephemeralContainers": refused("a template cannot hold ephemeral containers"),
        "evictionResponders": _ONE_NODE,
        "hostAliases": YES,
        "hostIPC": YES,
        "hostNetwork": YES,
        "hostPID": YES,
        "hostUsers": _USERS,
        "hostname": ignored("a set names its pods itself"),
        "hostnameOverride": YES,
        "imagePullSecrets": YES,
        "initContainers": YES,
        "nodeName": _ONE_NODE,
        "nodeSelector": _ONE_NODE,
        "os": ignored("the Engine decides the operating system", {"name": "linux"}),
        "overhead": _ONE_NODE,
        "preemptionPolicy": _ONE_NODE,
        "priority": _ONE_NODE,
        "priorityClassName": _ONE_NODE,
        "readinessGates": ignored("there are no controllers that would set the conditions"),
        "resourceClaims": refused("dynamic resource allocation needs a cluster"),
        "resources": refused("Docker limits single containers: give each its own resources"),
        "restartPolicy": YES,
        "runtimeClassName": ignored("the Engine's default runtime is used"),
        "schedulerName": ignored(_ONE_NODE.reason, "default-scheduler"),
        "schedulingGates": _ONE_NODE,
        "schedulingGroup": _ONE_NODE,
        "securityContext": YES,
        "serviceAccount": _NO_API,
        "serviceAccountName": _NO_API,
        "setHostnameAsFQDN": YES,
        "shareProcessNamespace": YES,
        "subdomain": ignored("a set names its pods itself"),
        "terminationGracePeriodSeconds": YES,
        "tolerations": _ONE_NODE,
        "topologySpreadConstraints": _ONE_NODE,
        "volumes": YES,
    },
    "Container": {
        "args": YES,
        "command": YES,
        "env": YES,
        "envFrom": YES,
        "image": YES,
        "imagePullPolicy": YES,
        "lifecycle": YES,
        "livenessProbe": _LIVENESS,
        "name": YES,
        "ports": YES,
        "readinessProbe": YES,
        "resizePolicy": ignored("limits are not changed while a pod runs"),
        "resources": YES,
        "restartPolicy": refused("what ends in a pod of a set is started again", "Always"),
        "restartPolicyRules": refused("Docker does not ask how a container ended"),
        "securityContext": YES,
        "startupProbe": YES,
        "stdin": YES,
        "stdinOnce": YES,
        "terminationMessagePath": ignored(
            "termination messages are not read; see the logs", "/dev/termination-log"
        ),
        "terminationMessagePolicy": ignored(
            "termination messages are not read; see the logs", "File", "FallbackToLogsOnError"
        ),
        "tty": YES,
        "volumeDevices": YES,
        "volumeMounts": YES,
        "workingDir": YES,
    },
    "PodSecurityContext": {
        "appArmorProfile": YES,
        "fsGroup": YES,
        "fsGroupChangePolicy": YES,
        "runAsGroup": YES,
        "runAsNonRoot": YES,
        "runAsUser": YES,
        "seLinuxChangePolicy": ignored("volumes are not relabelled"),
        "seLinuxOptions": YES,
        "seccompProfile": YES,
        "supplementalGroups": YES,
        "supplementalGroupsPolicy": ignored(
            "a user without a runAsGroup has the groups that the image gives it", "Merge"
        ),
        "sysctls": YES,
        "windowsOptions": _WINDOWS,
    },
    "SecurityContext": {
        "allowPrivilegeEscalation": YES,
        "appArmorProfile": YES,
        "capabilities": YES,
        "privileged": YES,
        "procMount": YES,
        "readOnlyRootFilesystem": YES,
        "runAsGroup": YES,
        "runAsNonRoot": YES,
        "runAsUser": YES,
        "seLinuxOptions": YES,
        "seccompProfile": YES,
        "windowsOptions": _WINDOWS,
    },
    "Capabilities": {"add": YES, "drop": YES},
    "SELinuxOptions": {"level": YES, "role": YES, "type": YES, "user": YES},
    "SeccompProfile": {
        "localhostProfile": refused("the profile is a file of a node of the cluster"),
        "type": YES,
    },
    "AppArmorProfile": {"localhostProfile": YES, "type": YES},
    "Sysctl": {"name": YES, "value": YES},
    "HostAlias": {"hostnames": YES, "ip": YES},
    "PodDNSConfig": {"nameservers": YES, "options": YES, "searches": YES},
    "PodDNSConfigOption": {"name": YES, "value": YES},
    "ContainerPort": {
        "containerPort": YES,
        "hostIP": YES,
        "hostPort": YES,
        "name": YES,
        "protocol": YES,
    },
    "EnvVar": {"name": YES, "value": YES, "valueFrom": YES},
    "EnvVarSource": {
        "configMapKeyRef": YES,
        "fieldRef": YES,
        "fileKeyRef": refused(
            "variables cannot be read from a file that an init container writes"
        ),
        "resourceFieldRef": YES,
        "secretKeyRef": YES,
    },
    "LocalObjectReference": {"name": YES},
    "ConfigMapKeySelector": {"key": YES, "name": YES, "optional": YES},
    "SecretKeySelector": {"key": YES, "name": YES, "optional": YES},
    "EnvFromSource": {"configMapRef": YES, "prefix": YES, "secretRef": YES},
    "ConfigMapEnvSource": {"name": YES, "optional": YES},
    "SecretEnvSource": {"name": YES, "optional": YES},
    "ResourceFieldSelector": {"containerName": YES, "divisor": YES, "resource": YES},
    "ObjectFieldSelector": {"apiVersion": YES, "fieldPath": YES},
    "ResourceRequirements": {
        "claims": refused("dynamic resource allocation needs a cluster"),
        "limits": YES,  # RESOURCES says which
        "requests": YES,
    },
    "VolumeMount": {
        "bindMountOptions": refused("Docker mounts volumes with options of its own"),
        "mountPath": YES,
        "mountPropagation": YES,  # SHARED_VOLUME says of what
        "name": YES,
        "readOnly": YES,
        "recursiveReadOnly": YES,
        "subPath": YES,
        "subPathExpr": YES,
    },
    "VolumeDevice": {"devicePath": YES, "name": YES},
    "Probe": {
        "exec": YES,
        "failureThreshold": YES,
        "grpc": YES,
        "httpGet": YES,
        "initialDelaySeconds": YES,
        "periodSeconds": YES,
        "successThreshold": YES,
        "tcpSocket": YES,
        "terminationGracePeriodSeconds": _LIVENESS,
        "timeoutSeconds": YES,
    },
    "Lifecycle": {
        "postStart": ignored(
            "it runs whenever minisets starts the container, not when Docker restarts it by itself"
        ),
        "preStop": YES,
        "stopSignal": YES,
    },
    "LifecycleHandler": {
        "exec": YES,
        "httpGet": YES,
        "sleep": YES,
        "tcpSocket": ignored("Kubernetes does nothing with it either"),
    },
    "SleepAction": {"seconds": YES},
    "ExecAction": {"command": YES},
    "GRPCAction": {"mode": YES, "port": YES, "service": YES},
    "HTTPGetAction": {
        "host": YES,
        "httpHeaders": YES,
        "path": YES,
        "port": YES,
        "protocol": refused("probes speak HTTP/1.1"),
        "scheme": YES,
    },
    "HTTPHeader": {"name": YES, "value": YES},
    "TCPSocketAction": {"host": YES, "port": YES},
    "Volume": {
        "awsElasticBlockStore": _CLUSTER_STORAGE,
        "azureDisk": _CLUSTER_STORAGE,
        "azureFile": _CLUSTER_STORAGE,
        "cephfs": _CLUSTER_STORAGE,
        "cinder": _CLUSTER_STORAGE,
        "configMap": YES,
        "csi": _CLUSTER_STORAGE,
        "downwardAPI": YES,
        "emptyDir": YES,
        "ephemeral": YES,
        "fc": _CLUSTER_STORAGE,
        "flexVolume": _CLUSTER_STORAGE,
        "flocker": _CLUSTER_STORAGE,
        "gcePersistentDisk": _CLUSTER_STORAGE,
        "gitRepo": refused_always("Kubernetes has removed it"),
        "glusterfs": _CLUSTER_STORAGE,
        "hostPath": YES,
        "image": refused_always("Engines before 28 cannot mount an image; use an init container"),
        "iscsi": _CLUSTER_STORAGE,
        "name": YES,
        "nfs": YES,
        "persistentVolumeClaim": YES,
        "photonPersistentDisk": _CLUSTER_STORAGE,
        "portworxVolume": _CLUSTER_STORAGE,
        "projected": YES,
        "quobyte": _CLUSTER_STORAGE,
        "rbd": _CLUSTER_STORAGE,
        "scaleIO": _CLUSTER_STORAGE,
        "secret": YES,
        "storageos": _CLUSTER_STORAGE,
        "vsphereVolume": _CLUSTER_STORAGE,
    },
    "EmptyDirVolumeSource": {
        "medium": YES,  # HUGE_PAGES says which not
        "mode": YES,
        "sizeLimit": YES,  # DISK_LIMIT says of what
    },
    "ConfigMapVolumeSource": dict.fromkeys((*_FILES, "items", "name", "optional"), YES),
    "SecretVolumeSource": dict.fromkeys((*_FILES, "items", "optional", "secretName"), YES),
    "KeyToPath": {"key": YES, "mode": YES, "path": YES, "user": YES},
    "DownwardAPIVolumeSource": dict.fromkeys((*_FILES, "items"), YES),
    "DownwardAPIVolumeFile": {
        "fieldRef": YES,
        "mode": YES,
        "path": YES,
        "resourceFieldRef": YES,
        "user": YES,
    },
    "ProjectedVolumeSource": dict.fromkeys((*_FILES, "sources"), YES),
    "VolumeProjection": {
        "clusterTrustBundle": refused("a cluster signs such certificates"),
        "configMap": YES,
        "downwardAPI": YES,
        "podCertificate": refused("a cluster signs such certificates"),
        "secret": YES,
        "serviceAccountToken": Support(Level.IGNORED, _NO_API.reason),
    },
    "ConfigMapProjection": {"items": YES, "name": YES, "optional": YES},
    "SecretProjection": {"items": YES, "name": YES, "optional": YES},
    "DownwardAPIProjection": {"items": YES},
    "EphemeralVolumeSource": {"volumeClaimTemplate": YES},
    "PersistentVolumeClaimTemplate": {"metadata": YES, "spec": YES},
    "PersistentVolumeClaimVolumeSource": {"claimName": YES, "readOnly": YES},
    "NFSVolumeSource": {"path": YES, "readOnly": YES, "server": YES},
    "HostPathVolumeSource": {"path": YES, "type": YES},
    "PersistentVolumeClaim": {**_OBJECT, "spec": YES, "status": _STATUS},
    "PersistentVolumeClaimSpec": {
        "accessModes": YES,
        "dataSource": refused("a volume cannot be made from another one"),
        "dataSourceRef": refused("a volume cannot be made from another one"),
        "resources": YES,
        "selector": YES,
        "storageClassName": YES,
        "volumeAttributesClassName": ignored("the local driver has no such attributes"),
        "volumeMode": YES,
        "volumeName": YES,
    },
    "VolumeResourceRequirements": {
        "limits": ignored("the local driver enforces no size"),
        "requests": YES,
    },
    "Service": {**_OBJECT, "spec": YES, "status": _STATUS},
    "ServiceSpec": {
        "allocateLoadBalancerNodePorts": ignored(
            "a load balancer has the node ports that are written, and no others"
        ),
        "clusterIP": ignored("the name of a Service gives the addresses of its pods", "None"),
        "clusterIPs": ignored("the name of a Service gives the addresses of its pods", ["None"]),
        "externalIPs": _ONE_ADDRESS,
        "externalName": ignored("Docker's DNS has no CNAME records: use the outer name itself"),
        "externalTrafficPolicy": ignored(_NO_PROXY.reason, "Cluster"),
        "healthCheckNodePort": _NO_PROXY,
        "internalTrafficPolicy": ignored(_NO_PROXY.reason, "Cluster"),
        "ipFamilies": ignored(_ONE_FAMILY.reason, ["IPv4"]),
        "ipFamilyPolicy": ignored(_ONE_FAMILY.reason, "SingleStack"),
        "loadBalancerClass": _NO_PROXY,
        "loadBalancerIP": _ONE_ADDRESS,
        "loadBalancerSourceRanges": ignored(
            "published ports have no filter; they are on 127.0.0.1 unless you say otherwise"
        ),
        "ports": YES,
        "publishNotReadyAddresses": YES,
        "selector": YES,
        "sessionAffinity": ignored(_NO_PROXY.reason, "None"),
        "sessionAffinityConfig": _NO_PROXY,
        "trafficDistribution": _NO_PROXY,
        "type": YES,
    },
    "ServicePort": {
        "appProtocol": YES,  # the scheme of the address that is told
        "name": YES,
        "nodePort": YES,
        "port": YES,
        "protocol": YES,
        "targetPort": YES,
    },
    "ConfigMap": {**_OBJECT, "binaryData": YES, "data": YES, "immutable": YES},
    "Secret": {**_OBJECT, "data": YES, "immutable": YES, "stringData": YES, "type": YES},
    "Namespace": {
        **_OBJECT,
        "spec": ignored("there are no controllers that would finalize it"),
        "status": _STATUS,
    },
    "PersistentVolume": {**_OBJECT, "spec": YES, "status": _STATUS},
    "PersistentVolumeSpec": {
        **dict.fromkeys(_CLUSTER_VOLUMES, _CLUSTER_PV),
        "accessModes": YES,
        "capacity": YES,
        "claimRef": YES,
        "hostPath": YES,
        "local": YES,
        "mountOptions": YES,  # of NFS; of directories Kubernetes has none, either
        "nfs": YES,
        "nodeAffinity": _ONE_NODE,
        "persistentVolumeReclaimPolicy": YES,
        "storageClassName": YES,
        "volumeAttributesClassName": ignored("the local driver has no such attributes"),
        "volumeMode": YES,
    },
    "LocalVolumeSource": {
        "fsType": ignored("a local volume is a directory here"),
        "path": YES,
    },
    "ObjectReference": {
        "apiVersion": YES,
        "fieldPath": _SERVER,
        "kind": YES,
        "name": YES,
        "namespace": YES,
        "resourceVersion": _SERVER,
        "uid": _SERVER,
    },
    "StorageClass": {
        **_OBJECT,
        "allowVolumeExpansion": ignored("the local driver enforces no size", True),
        "allowedTopologies": _ONE_NODE,
        "mountOptions": YES,
        "parameters": YES,
        "provisioner": YES,
        "reclaimPolicy": YES,
        "volumeBindingMode": ignored(
            "a volume is made when the first pod needs it", "Immediate", "WaitForFirstConsumer"
        ),
    },
}

DISK_LIMIT = ignored("the local driver enforces no size")
"""The size of an emptyDir that is not in memory."""
SHARED_VOLUME = refused("Docker shares the mounts of host paths only")
"""Propagation out of a volume that is no host path."""

GPU = "nvidia.com/gpu"
"""The one device that the Engine can hand out by number."""
RESOURCES: dict[str, Support] = {
    "cpu": YES,
    "memory": YES,
    GPU: YES,
    "ephemeral-storage": ignored("the Engine does not limit the size of a container's files"),
}
OTHER_RESOURCES = refused("the Engine knows no such resource", 0, "0")
"""Devices and extended resources."""
HUGE_PAGES = refused("the Engine hands out no huge pages")
"""Resources whose names start with ``hugepages-``, and the medium of an emptyDir."""

_NOT_A_SET = "minisets runs StatefulSets only"
_NO_EDGE = "nothing routes traffic from outside into the namespace"
_ONE_NODE_KIND = "there is one machine, and no cluster to manage"

OTHER_KINDS: dict[str, str] = {
    "ClusterRole": NO_API,
    "ClusterRoleBinding": NO_API,
    "Role": NO_API,
    "RoleBinding": NO_API,
    "ServiceAccount": NO_API,
    "CronJob": _NOT_A_SET,
    "DaemonSet": _NOT_A_SET,
    "Deployment": _NOT_A_SET,
    "Job": _NOT_A_SET,
    "Pod": _NOT_A_SET,
    "ReplicaSet": _NOT_A_SET,
    "ReplicationController": _NOT_A_SET,
    "Endpoints": "the names of Services follow their selectors only",
    "EndpointSlice": "the names of Services follow their selectors only",
    "Gateway": _NO_EDGE,
    "HTTPRoute": _NO_EDGE,
    "Ingress": _NO_EDGE,
    "Route": _NO_EDGE,
    "HorizontalPodAutoscaler": "nothing scales by itself; use minisets scale",
    "LimitRange": _ONE_NODE_KIND,
    "Node": _ONE_NODE_KIND,
    "NetworkPolicy": "pods of a namespace can always reach each other",
    "PodDisruptionBudget": "nothing evicts pods",
    "PriorityClass": _ONE_NODE_KIND,
    "ResourceQuota": _ONE_NODE_KIND,
}
"""Kinds that are left out with a notice, and why; any other kind gets UNKNOWN_KIND."""

UNKNOWN_KIND = "this kind has no meaning without a cluster"
