"""Real software runs from the examples, and what it holds survives what happens to its pods."""

from __future__ import annotations

import pytest

from tests.e2e.space import Space, eventually
from tests.workloads.conftest import Timed, example

pytestmark = pytest.mark.docker


def works(space: Space, pod: str, command: str) -> bool:
    """Say whether a shell line succeeds in a pod: a cluster may be at an election."""
    try:
        space.sh(pod, command)
    except AssertionError:
        return False
    return True


def sql(space: Space, pod: str, statement: str) -> str:
    return space.sh(pod, f'psql -U postgres -At -c "{statement}"')


def maria(space: Space, pod: str, statement: str) -> str:
    return space.sh(pod, f'mariadb -u root -N -B -e "{statement}"')


def test_nginx_serves_its_pages_and_takes_a_changed_configuration(space: Space, timed: Timed):
    timed("ready", "apply", "-f", example("nginx"))
    space.sh("web-1", "echo one > /usr/share/nginx/html/index.html")
    ask = "exec 3<>/dev/tcp/{0}/80; printf 'GET {1} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3 | tail -n 1"

    def get(host: str, path: str) -> str:
        return space.sh("web-0", f'bash -c "{ask.format(host, path)}"')

    assert get("web-1.nginx", "/") == "one"
    assert get("web-2.nginx", "/greeting") == "hello from web-2"
    space.run("delete", "pod", "web-1")
    assert get("web-1.nginx", "/") == "one"
    timed("rolled", "rollout", "restart", "sts/web")
    assert get("web-1.nginx", "/") == "one"


def test_mariadb_replicates_and_keeps_its_rows(space: Space, timed: Timed):
    timed("ready", "apply", "-f", example("mariadb"))
    maria(space, "mariadb-0", "create database shop; create table shop.t (n int primary key)")
    maria(space, "mariadb-0", "insert into shop.t values (1), (2), (3)")
    rows = "select count(*) from shop.t"

    def replicated(count: str) -> bool:
        try:
            return maria(space, "mariadb-1", rows) == count
        except AssertionError:
            return False  # The table is not there yet.

    eventually(lambda: replicated("3") or None, what="three rows on the replica")
    timed("rolled", "rollout", "restart", "sts/mariadb")
    assert maria(space, "mariadb-0", rows) == "3"
    maria(space, "mariadb-0", "insert into shop.t values (4)")
    eventually(lambda: replicated("4") or None, what="the fourth row on the replica")
    space.run("scale", "sts", "mariadb", "--replicas=0")
    timed("back from 0", "scale", "sts", "mariadb", "--replicas=2")
    assert maria(space, "mariadb-0", rows) == "4"
    assert replicated("4")


def test_postgres_streams_to_its_standby_and_keeps_its_rows(space: Space, timed: Timed):
    timed("ready", "apply", "-f", example("postgres"))
    sql(space, "postgres-0", "create table t (n int); insert into t values (1), (2), (3)")
    count = "select count(*) from t"

    def replicated(rows: str) -> bool:
        try:
            return sql(space, "postgres-1", count) == rows
        except AssertionError:
            return False

    eventually(lambda: replicated("3") or None, what="three rows on the standby")
    assert sql(space, "postgres-1", "select pg_is_in_recovery()") == "t"
    timed("rolled", "rollout", "restart", "sts/postgres")
    assert sql(space, "postgres-0", count) == "3"
    sql(space, "postgres-0", "insert into t values (4)")
    eventually(lambda: replicated("4") or None, what="the fourth row on the standby")
    space.run("scale", "sts", "postgres", "--replicas=0")
    timed("back from 0", "scale", "sts", "postgres", "--replicas=2")
    assert sql(space, "postgres-0", count) == "4"
    eventually(lambda: replicated("4") or None, what="four rows on the standby")


def test_redis_fails_over_to_a_replica(space: Space, timed: Timed):
    timed("ready", "apply", "-f", example("redis"))
    ask = "redis-cli -p 26379 sentinel get-master-addr-by-name main | head -n 1"
    eventually(
        lambda: "slaves=2" in space.sh("redis-1", "redis-cli -p 26379 info sentinel") or None,
        what="Sentinel knows both replicas",
    )
    assert space.sh("redis-1", ask) == "redis-0.redis"
    space.sh("redis-0", "redis-cli set colour blue")
    space.sh("redis-0", "redis-cli wait 2 5000")
    for container in ("redis-0", "redis-0.sentinel"):
        space.api.pause(space.container(container))
    eventually(
        lambda: space.sh("redis-1", ask) not in {"", "redis-0.redis"} or None,
        what="another master",
        seconds=60,
    )
    master = space.sh("redis-1", ask).removesuffix(".redis")
    eventually(
        lambda: "role:master" in space.sh(master, "redis-cli info replication") or None,
        what="the new master at work",
    )
    assert space.sh(master, "redis-cli get colour") == "blue"
    space.sh(master, "redis-cli set colour green")
    # The old one comes back, and follows.
    space.run("delete", "pod", "redis-0")
    eventually(
        lambda: space.sh("redis-0", "redis-cli get colour") == "green" or None,
        what="the old master follows",
        seconds=60,
    )


def test_etcd_keeps_a_key_through_the_loss_of_a_member_and_a_rolling_update(
    space: Space, timed: Timed
):
    timed("ready", "apply", "-f", example("etcd"))
    space.sh("etcd-0", "etcdctl put colour blue")
    assert space.sh("etcd-2", "etcdctl get colour --print-value-only") == "blue"
    space.lose("etcd-1")
    # If it was the leader, the others elect another one first.
    eventually(lambda: works(space, "etcd-2", "etcdctl put colour green") or None, what="a write")
    space.run("apply", "-f", example("etcd"))
    assert space.sh("etcd-1", "etcdctl get colour --print-value-only") == "green"
    timed("rolled", "rollout", "restart", "sts/etcd")
    assert space.sh("etcd-0", "etcdctl get colour --print-value-only") == "green"
    space.run("scale", "sts", "etcd", "--replicas=0")
    timed("back from 0", "scale", "sts", "etcd", "--replicas=3")
    assert space.sh("etcd-1", "etcdctl get colour --print-value-only") == "green"


def test_zookeeper_elects_a_leader_and_keeps_a_node(space: Space, timed: Timed):
    timed("ready", "apply", "-f", example("zookeeper"))
    client = "/usr/share/zookeeper/bin/zkCli.sh -server"
    space.sh("zookeeper-0", f"{client} zookeeper-0.zookeeper create /colour blue 2>&1")
    read = f"{client} {{0}}.zookeeper get /colour 2>/dev/null | grep -o blue | head -n 1"
    assert space.sh("zookeeper-2", read.format("zookeeper-2")) == "blue"
    modes = [
        space.sh(f"zookeeper-{n}", "echo srvr | nc -w 1 localhost 2181 | grep Mode")
        for n in range(3)
    ]
    assert sorted(modes) == ["Mode: follower", "Mode: follower", "Mode: leader"]
    timed("rolled", "rollout", "restart", "sts/zookeeper")
    assert space.sh("zookeeper-1", read.format("zookeeper-1")) == "blue"


def test_rabbitmq_forms_a_cluster_and_keeps_a_message(space: Space, timed: Timed):
    timed("ready", "apply", "-f", example("rabbitmq"))
    running = "rabbitmqctl -q cluster_status --formatter json | grep -o 'rabbit@rabbitmq-[0-9]'"
    eventually(
        lambda: len({*space.sh("rabbitmq-0", running).split()}) == 3 or None,
        what="three nodes in the cluster",
        seconds=60,
    )
    declare = (
        "rabbitmqctl -q eval 'rabbit_amqqueue:declare("
        'rabbit_misc:r(<<"/">>, queue, <<"jobs">>), true, false, [], none, <<"me">>).\''
    )
    space.sh("rabbitmq-1", f"{declare} >/dev/null")
    queues = "rabbitmqctl -q list_queues name durable --no-table-headers"
    assert "jobs" in space.sh("rabbitmq-2", queues)
    timed("rolled", "rollout", "restart", "sts/rabbitmq")
    assert "jobs" in space.sh("rabbitmq-0", queues)
