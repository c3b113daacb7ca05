#!/bin/sh
# mpi_hosts.sh: two network namespaces are two hosts with a cable between them. Processes on both
# make the bytes of one process: also over a slow network that loses packets, where the kernel can
# make one, and when the cable is cut for 5 s.
# shellcheck disable=SC2086  # commands are kept as words
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"
# shellcheck source=tests/scripts/mpi.lib
. "$SOURCE/tests/scripts/mpi.lib"

id=imprint-$$
if ! ip netns add "$id-1" 2>/dev/null; then
    echo "skipped: this machine makes no network namespaces: needs root, ip, and a kernel with them"
    exit 77
fi
remove_hosts() {
    [ -z "$left" ] || kill -9 "$left" 2>/dev/null || :
    for host in 1 2; do
        ip netns pids "$id-$host" 2>/dev/null | xargs -r kill -9 2>/dev/null || :
        ip netns del "$id-$host" 2>/dev/null || :
    done
    leave
}
trap remove_hosts EXIT
ip netns add "$id-2"
if ! ip link add cable1 netns "$id-1" type veth peer name cable2 netns "$id-2" 2>/dev/null; then
    echo "skipped: this kernel has no cables between network namespaces (veth)"
    exit 77
fi
for host in 1 2; do
    ip -n "$id-$host" addr add 10.213.7.$host/24 dev cable$host
    ip -n "$id-$host" link set cable$host up
    ip -n "$id-$host" link set lo up
done

# What the launchers use instead of ssh: it runs a command on a host, whose name is its address.
cat >agent <<END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\${1##*.}
shift
exec ip netns exec $id-\$host unshare --uts sh -c "hostname host-\$host; \$*"
END
chmod +x agent

# hosts KIND N COMMAND...: N processes on both hosts, started from the first
hosts() {
    set_launcher "$1"
    shift
    FI_PROVIDER=tcp timeout --foreground 300 ./agent 10.213.7.1 "cd $work && exec $launcher $*"
}

set_launcher() {
    first=10.213.7.1 second=10.213.7.2
    case $1 in
    ompi)
        launcher="mpirun.openmpi --mca plm_rsh_agent $work/agent --mca btl tcp,self"
        launcher="$launcher --host $first:2,$second:2 --map-by node -n"
        ;;
    mpich)
        launcher="mpirun.mpich -launcher ssh -launcher-exec $work/agent -localhost $first"
        launcher="$launcher -hosts $first,$second -n"
        ;;
    esac
}

record='imprint log --episodes 7 --steps 40 --noise 0.3 --size 16x12 --threads 1'
learn='imprint train --data whole --network small --batch 16 --shards 4 --threads 1 --epochs 60
    --no-tensorboard'
expect 0 $record --out whole
expect 0 $learn --out learned
for kind in $kinds; do
    hosts "$kind" 2 hostname >names
    [ "$(sort -u names | wc -l)" -eq 2 ] || fail "processes are not on two hosts: $(cat names)"
    ends 0 hosts "$kind" 3 $record --out "data-$kind"
    same_folders whole "data-$kind"
    # the cable is cut for a while
    hosts "$kind" 2 $learn --out "learned-$kind" >"$work/out" 2>&1 </dev/null &
    left=$!
    until [ -e "learned-$kind/history.jsonl" ] || ! kill -0 "$left" 2>/dev/null; do sleep 0.02; done
    ip -n "$id-1" link set cable1 down
    sleep 5
    kill -0 "$left" 2>/dev/null || fail "it ended while the cable was cut: $(cat "$work/out")"
    ip -n "$id-1" link set cable1 up
    code=0
    wait "$left" || code=$?
    left=
    [ "$code" -eq 0 ] || fail "a cut cable ends a training with $code: $(cat "$work/out")"
    same_folders learned "learned-$kind"
done

for host in 1 2; do
    if ! ip netns exec "$id-$host" tc qdisc add dev cable$host root netem delay 25ms loss 1% \
        2>/dev/null; then
        echo "skipped: this kernel has no slow networks (netem): no delay of 50 ms, no loss of 1 %"
        exit 0
    fi
done
for kind in $kinds; do
    ends 0 hosts "$kind" 4 $record --out "slow-$kind"
    same_folders whole "slow-$kind"
    ends 0 hosts "$kind" 2 $learn --epochs 2 --out "slow-learned-$kind"
    expect 0 $learn --epochs 2 --out "learned-2-$kind"
    same_folders "learned-2-$kind" "slow-learned-$kind"
done
