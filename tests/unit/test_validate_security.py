from __future__ import annotations

import pytest

from minisets.core.input.defaults import apply_defaults
from minisets.core.input.validate import validate
from minisets.core.input.validate_pod_settings import check_full_names
from tests.unit.manifests import a_set

POD = "spec.template.spec"
CONTEXT = f"{POD}.securityContext"
OWN = f"{POD}.containers[0].securityContext"


def problems(**changes):
    found = validate(apply_defaults(a_set(**changes)))
    return [f"{problem.path}: {problem.message}" for problem in found]


def of_pod(**context):
    return problems(template__securityContext=context)


def of_container(**context):
    return problems(container__securityContext=context)


def test_what_people_write_is_fine():
    assert (
        of_pod(
            runAsUser=1000,
            runAsGroup=1000,
            runAsNonRoot=True,
            fsGroup=0,
            supplementalGroups=[4],
            supplementalGroupsPolicy="Strict",
            seLinuxChangePolicy="Recursive",
            seccompProfile={"type": "RuntimeDefault"},
            appArmorProfile={"type": "Localhost", "localhostProfile": "mine"},
            sysctls=[
                {"name": "net.core.somaxconn", "value": "1"},
                {"name": "kernel/sem", "value": ""},
            ],
        )
        == []
    )
    assert (
        of_container(
            allowPrivilegeEscalation=False,
            procMount="Default",
            capabilities={"add": ["NET_ADMIN", "CAP_KILL"], "drop": ["ALL"]},
        )
        == []
    )


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (
            {"runAsUser": -1},
            f"{CONTEXT}.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
        ),
        (
            {"supplementalGroups": [0, 2**31]},
            f"{CONTEXT}.supplementalGroups[1]: Invalid value: 2147483648: "
            "must be between 0 and 2147483647, inclusive",
        ),
        (
            {"supplementalGroupsPolicy": "Some"},
            f'{CONTEXT}.supplementalGroupsPolicy: Unsupported value: "Some": '
            'supported values: "Merge", "Strict"',
        ),
        (
            {"seLinuxChangePolicy": "Some"},
            f'{CONTEXT}.seLinuxChangePolicy: Unsupported value: "Some": '
            'supported values: "MountOption", "Recursive"',
        ),
        (
            {"seccompProfile": {"type": "Localhost"}},
            f"{CONTEXT}.seccompProfile.localhostProfile: Required value: "
            "must be set when seccomp type is Localhost",
        ),
        (
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "/a"}},
            f'{CONTEXT}.seccompProfile.localhostProfile: Invalid value: "/a": '
            "must be a relative path",
        ),
        (
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "a/../b"}},
            f'{CONTEXT}.seccompProfile.localhostProfile: Invalid value: "a/../b": '
            "must not contain '..'",
        ),
        (
            {"seccompProfile": {"type": "Unconfined", "localhostProfile": "a"}},
            f'{CONTEXT}.seccompProfile.localhostProfile: Invalid value: "a": '
            "can only be set when seccomp type is Localhost",
        ),
        (
            {"appArmorProfile": {"type": "Localhost"}},
            f"{CONTEXT}.appArmorProfile.localhostProfile: Required value: "
            "must be set when AppArmor type is Localhost",
        ),
        (
            {"appArmorProfile": {"type": "Localhost", "localhostProfile": " a"}},
            f'{CONTEXT}.appArmorProfile.localhostProfile: Invalid value: " a": '
            "must not be padded with whitespace",
        ),
        (
            {"appArmorProfile": {"type": "Localhost", "localhostProfile": "a" * 4096}},
            f"{CONTEXT}.appArmorProfile.localhostProfile: "
            "Too long: may not be more than 4095 bytes",
        ),
        (
            {"appArmorProfile": {"type": "RuntimeDefault", "localhostProfile": "a"}},
            f'{CONTEXT}.appArmorProfile.localhostProfile: Invalid value: "a": '
            "can only be set when AppArmor type is Localhost",
        ),
        (
            {"sysctls": [{"name": "", "value": "1"}]},
            f"{CONTEXT}.sysctls[0].name: Required value",
        ),
        (
            {"sysctls": [{"name": "net.A", "value": "1"}]},
            f'{CONTEXT}.sysctls[0].name: Invalid value: "net.A": must have at most 253 characters '
            "and match regex "
            "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$",
        ),
        (
            {"sysctls": [{"name": "net.a", "value": "1"}, {"name": "net/a", "value": "1"}]},
            f'{CONTEXT}.sysctls[1].name: Duplicate value: "net/a"',
        ),
        (
            {"sysctls": [{"name": "vm.max_map_count", "value": "1"}]},
            f'{CONTEXT}.sysctls[0].name: Invalid value: "vm.max_map_count": '
            "is not of the pod's own namespaces: set it on the Engine's machine",
        ),
    ],
)
def test_rules_of_the_pods_context_have_the_messages_of_the_api_server(context, expected):
    assert of_pod(**context) == [expected]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (
            {"procMount": "Some"},
            f'{OWN}.procMount: Unsupported value: "Some": supported values: "Default", "Unmasked"',
        ),
        (
            {"procMount": "Unmasked"},
            f'{OWN}.procMount: Invalid value: "Unmasked": '
            "`hostUsers` must be false to use `Unmasked`",
        ),
        (
            {"capabilities": {"add": ["NET_ADMIN", "NET_ADMN"]}},
            f'{OWN}.capabilities.add[1]: Invalid value: "NET_ADMN": there is no such capability',
        ),
        (
            {"capabilities": {"drop": ["CAP_ANY"]}},
            f'{OWN}.capabilities.drop[0]: Invalid value: "CAP_ANY": there is no such capability',
        ),
        (
            {"allowPrivilegeEscalation": False, "privileged": True},
            f'{OWN}: Invalid value: {{"allowPrivilegeEscalation": false, "privileged": true}}: '
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ),
        (
            {"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}},
            f'{OWN}: Invalid value: {{"allowPrivilegeEscalation": false, "capabilities": '
            '{"add": ["CAP_SYS_ADMIN"]}}: '
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
        ),
        (
            {"runAsNonRoot": True, "runAsUser": 0},
            f"{OWN}.runAsUser: Invalid value: 0: container's runAsUser breaks non-root policy",
        ),
    ],
)
def test_rules_of_a_containers_context_have_the_messages_of_the_api_server(context, expected):
    assert of_container(**context) == [expected]


def test_a_container_can_be_root_against_the_policy_of_its_pod_by_the_pods_user():
    context = {"runAsNonRoot": True, "runAsUser": 0}
    (found,) = of_pod(**context)
    assert found.startswith(f"{OWN}.runAsUser: ")
    own = {"runAsUser": 1}
    assert problems(template__securityContext=context, container__securityContext=own) == []


def test_an_unmasked_proc_goes_with_a_user_namespace():
    changes = {"template__hostUsers": False, "container__securityContext__procMount": "Unmasked"}
    assert problems(**changes) == []


@pytest.mark.parametrize(
    ("name", "field"),
    [("net.core.somaxconn", "hostNetwork"), ("kernel.sem", "hostIPC"), ("fs.mqueue.a", "hostIPC")],
)
def test_a_kernel_parameter_of_the_hosts_own_namespace_is_refused(name, field):
    context = {"sysctls": [{"name": name, "value": "1"}]}
    changes = {"template__securityContext": context, f"template__{field}": True}
    assert problems(**changes) == [
        f'{CONTEXT}.sysctls[0].name: Invalid value: "{name}": '
        f"may not be specified when '{field}' is true"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"template__shareProcessNamespace": True, "template__hostPID": True},
            f"{POD}.shareProcessNamespace: Invalid value: true: "
            "ShareProcessNamespace and HostPID cannot both be enabled",
        ),
        (
            {"template__hostUsers": False, "template__hostIPC": True},
            f"{POD}.hostIPC: Forbidden: when `hostUsers` is false",
        ),
        (
            {
                "template__hostNetwork": True,
                "container__ports": [{"containerPort": 80, "hostPort": 81}],
            },
            f"{POD}.containers[0].ports[0].hostPort: Invalid value: 81: "
            "must match `containerPort` when `hostNetwork` is true",
        ),
        (
            {"template__hostAliases": [{"ip": "1.2.3", "hostnames": ["a"]}]},
            f'{POD}.hostAliases[0].ip: Invalid value: "1.2.3": '
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ),
        (
            {"template__dnsPolicy": "None"},
            f"{POD}.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        ),
        (
            {"template__dnsPolicy": "None", "template__dnsConfig": {"searches": ["a.b"]}},
            f"{POD}.dnsConfig.nameservers: Required value: "
            "must provide at least one DNS nameserver when `dnsPolicy` is None",
        ),
        (
            {"template__dnsConfig": {"nameservers": ["::1", "x"]}},
            f'{POD}.dnsConfig.nameservers[1]: Invalid value: "x": '
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ),
        (
            {"template__dnsConfig": {"nameservers": ["1.1.1.1"] * 4}},
            f'{POD}.dnsConfig.nameservers: Invalid value: ["1.1.1.1", "1.1.1.1", "1.1.1.1", '
            '"1.1.1.1"]: must not have more than 3 nameservers',
        ),
        (
            {"template__dnsConfig": {"options": [{"value": "1"}]}},
            f"{POD}.dnsConfig.options[0]: Required value: must not be empty",
        ),
        (
            {"template__hostnameOverride": "a", "template__setHostnameAsFQDN": True},
            f"{POD}.hostnameOverride: Forbidden: may not be set when `setHostnameAsFQDN` is true",
        ),
        (
            {"template__hostnameOverride": "a" * 65},
            f'{POD}.hostnameOverride: Invalid value: "{"a" * 65}": '
            "must be no more than 64 characters",
        ),
    ],
)
def test_rules_of_what_a_pod_shares_have_the_messages_of_the_api_server(changes, expected):
    assert problems(**changes) == [expected]


@pytest.mark.parametrize(
    ("searches", "words"),
    [
        (["a.b"] * 33, "must not have more than 32 search paths"),
        (["a" * 63 + "." + "b" * 63] * 17, "must not have more than 2048 characters"),
        (["-a"], f'{POD}.dnsConfig.searches[0]: Invalid value: "-a": a lowercase RFC 1123'),
    ],
)
def test_a_search_list_has_its_bounds(searches, words):
    (found,) = problems(template__dnsConfig={"searches": searches})
    assert words in found


def test_a_search_list_may_have_a_root_a_final_dot_and_underscores():
    assert problems(template__dnsConfig={"searches": [".", "a.b.", "_tcp.a"]}) == []


def test_a_host_alias_has_names_of_dns():
    (found,) = problems(template__hostAliases=[{"ip": "::1", "hostnames": ["a", "A"]}])
    assert found.startswith(f'{POD}.hostAliases[0].hostnames: Invalid value: "A": ')


def full_names(namespace, **changes):
    changes["template__setHostnameAsFQDN"] = True
    found = check_full_names(apply_defaults(a_set(**changes)), namespace)
    return [f"{problem.path}: {problem.message}" for problem in found]


def test_a_full_name_must_fit_into_64_characters():
    rest = len("web-0.nginx..svc.cluster.local")
    fits = "n" * (64 - rest)
    assert full_names(fits) == []
    name = f"web-0.nginx.n{fits}.svc.cluster.local"
    assert full_names(f"n{fits}") == [
        f"{POD}.setHostnameAsFQDN: Invalid value: true: the FQDN {name} is too long "
        "(64 characters is the max, 65 characters requested)"
    ]
    # The name of the last pod is the longest.
    assert len(full_names(fits, spec__replicas=11)) == 1


def test_a_full_name_without_a_service_or_on_the_hosts_network_is_short():
    assert full_names("n" * 63, spec__serviceName="") == []
    assert full_names("n" * 63, template__hostNetwork=True) == []
    assert list(check_full_names(apply_defaults(a_set()), "n" * 63)) == []
