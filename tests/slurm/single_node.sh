#!/usr/bin/env bash
# A SLURM of this one machine, from Debian's packages, all its files in one folder.
#
#   single_node.sh start DIR   install slurm-wlm and munge where they are missing, start the daemons
#   single_node.sh stop DIR    end the daemons that `start` started there
#
# In between, /etc/slurm/slurm.conf is a link to DIR/slurm.conf; a SLURM that is there already is left
# alone. It must be run as root. Status 3: SLURM can't be had or started; the last line says why.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

verb=${1:?start or stop}
system_conf=/etc/slurm/slurm.conf
dir=$(mkdir -p "${2:?a folder}" && cd "$2" && pwd)

cannot() {
    echo "SLURM can't be started here: $*"
    exit 3
}

installed() {
    command -v munged slurmctld slurmd sbatch >/dev/null 2>&1 && [ "$(command -v munged slurmctld slurmd sbatch | wc -l)" = 4 ]
}

install_packages() {
    installed && return
    command -v apt-get >/dev/null || cannot "no apt-get to install slurm-wlm and munge"
    export DEBIAN_FRONTEND=noninteractive
    {
        timeout 120 apt-get update
        timeout 300 apt-get install --yes --no-install-recommends slurm-wlm munge
    } >"$dir/install.log" 2>&1 || cannot "apt-get: $(tail -n 1 "$dir/install.log")"
    installed || cannot "slurm-wlm and munge are installed, but their programs are not on the path"
}

free_ports() {
    python3 - <<'PYTHON'
import socket
held = [socket.socket() for _ in range(2)]
for one in held:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))
PYTHON
}

configure() {
    local host cpus memory ports
    host=$(hostname -s)
    cpus=$(nproc)
    memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
    read -r -a ports < <(free_ports)
    cat >"$dir/slurm.conf" <<CONF
ClusterName=pitchline
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
# No cgroups: containers have none to give away.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,defer_batch=0
ReturnToService=2
MinJobAge=600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
}

start() {
    [ "$(id -u)" = 0 ] || cannot "it takes root"
    install_packages
    [ -L "$system_conf" ] && [ ! -e "$system_conf" ] && rm "$system_conf"
    [ ! -e "$system_conf" ] || cannot "$system_conf is another SLURM's"
    mkdir -p "$dir/state" "$dir/spool"
    chmod 755 "$dir"
    configure
    head -c 1024 /dev/urandom >"$dir/munge.key"
    chmod 400 "$dir/munge.key"
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
        --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munged.seed" \
        >"$dir/start.log" 2>&1 || cannot "munged: $(tail -n 1 "$dir/start.log")"
    # Snakemake's executor hands no SLURM_CONF on to its jobs, which call srun themselves.
    mkdir -p "$(dirname "$system_conf")"
    ln -s "$dir/slurm.conf" "$system_conf"
    for daemon in slurmctld slurmd; do
        "$daemon" >>"$dir/start.log" 2>&1 || failed "$daemon: $(tail -n 1 "$dir/start.log")"
    done
    for _ in $(seq 100); do
        [ "$(sinfo --noheader --format=%t 2>/dev/null)" = idle ] && break
        sleep 0.2
    done
    [ "$(sinfo --noheader --format=%t 2>/dev/null)" = idle ] \
        || failed "the node doesn't come up: $(tail -qn 1 "$dir/slurmctld.log" "$dir/slurmd.log" | tr '\n' ' ')"
    timeout 30 srun --ntasks=1 true >>"$dir/start.log" 2>&1 \
        || failed "a job doesn't run: $(tail -n 1 "$dir/start.log")"
    echo "SLURM runs"
}

failed() {
    stop
    cannot "$@"
}

stop() {
    local name pid
    for name in slurmd slurmctld munged; do
        [ -s "$dir/$name.pid" ] || continue
        pid=$(cat "$dir/$name.pid")
        # Only what was started here: a number may have gone to another process since.
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ] || continue
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done
    [ "$(readlink "$system_conf" || true)" != "$dir/slurm.conf" ] || rm -f "$system_conf"
}

case $verb in
    start | stop) "$verb" ;;
    *) echo "single_node.sh start|stop DIR" && exit 2 ;;
esac
