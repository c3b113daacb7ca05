#!/bin/sh
# slurm.sh: a Slurm of this machine alone runs the job scripts of docs/how-to/cluster.md, at small
# sizes: parts of a dataset that are joined, and a training for each seed.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

for program in munged slurmctld slurmd sbatch; do
    if ! command -v $program >/dev/null; then
        echo "skipped: $program is missing: apt-get install slurmctld slurmd slurm-client munge"
        exit 77
    fi
done
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: slurmd starts jobs as root only"
    exit 77
fi

# Ends the daemons that were started here, by their numbers.
stop_slurm() {
    for file in run/slurmd run/slurmctld munge/pid; do
        [ ! -s "$work/$file" ] || kill "$(cat "$work/$file")" 2>/dev/null || :
    done
    leave
}
trap stop_slurm EXIT
chmod 755 "$work"
mkdir -m 755 munge run
mkdir -m 700 state spool
head -c 1024 /dev/urandom >munge.key
chmod 600 munge.key
munged --force --key-file="$work/munge.key" --socket="$work/munge/socket" \
    --pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed" \
    2>munge.err || fail "munged does not start: $(cat munge.err)"
name=$(hostname -s)
cat >slurm.conf <<END
ClusterName=test
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$((20000 + $$ % 10000))
SlurmdPort=$((30000 + $$ % 10000))
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/run/slurmctld
SlurmdPidFile=$work/run/slurmd
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1
NodeName=$name NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=all Nodes=$name Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF="$work/slurm.conf"
if ! slurmctld || ! slurmd; then
    fail "Slurm does not start: $(cat slurmctld.log slurmd.log)"
fi
tries=0
until sinfo -h -o %T | grep -q idle; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || fail "the node is not idle: $(sinfo; cat slurmctld.log slurmd.log)"
    sleep 1
done

# documented ARRAY: the job script of the page with this array, at small sizes
documented() {
    awk -v array="#SBATCH --array=$1" '
        /^    #!\/bin\/bash/ { script = ""; taking = 1 }
        taking && /^$/ { taking = 0 }
        taking { script = script substr($0, 5) "\n"; if (index($0, array)) { found = 1 } }
        !taking && found { printf "%s", script; exit }' "$SOURCE/docs/how-to/cluster.md" |
        sed -e 's/--episodes 3000/--episodes 11 --steps 20 --size 16x12/' -e 's/16/11/g' \
            -e 's/--size 11x12/--size 16x12/' -e 's/array=1-10/array=1-2/' \
            -e 's/imprint train/& --network small --epochs 1 --no-tensorboard/' \
            -e 's/--threads 4/--threads 1/' -e 's/cpus-per-task=4/cpus-per-task=1/'
}

documented 1-16 >parts
documented 1-10 >seeds
grep -q -- '--share .*/11' parts || fail "the page has no job script of parts: $(cat parts)"
grep -q -- '--seed ' seeds || fail "the page has no job script of seeds: $(cat seeds)"
join=$(sed -n "s/^    sbatch --dependency=afterok:JOB --wrap '\(.*\)'$/\1/p" \
    "$SOURCE/docs/how-to/cluster.md")
[ -n "$join" ] || fail "the page has no command that joins"
job=$(sbatch --parsable parts)
timeout 300 sbatch --wait --dependency="afterok:$job" --wrap "$join" >"$work/out" 2>&1 ||
    fail "the jobs failed: $(cat "$work/out" slurm-*.out)"
expect 0 imprint log --episodes 11 --steps 20 --size 16x12 --out whole
same_folders whole data main_data.hdf5 shard-00000.hdf5

timeout 300 sbatch --wait seeds >"$work/out" 2>&1 ||
    fail "the trainings failed: $(cat "$work/out" slurm-*.out)"
for seed in 1 2; do
    expect 0 imprint train --data data --network small --epochs 1 --seed $seed --out "alone-$seed" \
        --no-tensorboard
    same_folders "alone-$seed" "runs/seed-$seed" model.safetensors
done
