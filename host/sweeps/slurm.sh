#!/bin/sh
# Trains a sweep on eight machines of a SLURM cluster, each its own share:
#
#   sbatch host/sweeps/slurm.sh
#
# Nothing is shared but the folder that results go to. A job that is killed, by its time limit for
# one, is submitted again and goes on. When all have ended:
#
#   inkbit sweep merge sweeps/small-* --out sweeps/small
#
#SBATCH --job-name=inkbit-sweep
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=2G
#SBATCH --time=02:00:00
#SBATCH --requeue
set -eu

# SLURM numbers the tasks of an array; Kubernetes numbers those of an indexed job from 0.
task=${SLURM_ARRAY_TASK_ID:-$((${JOB_COMPLETION_INDEX:-0} + 1))}
tasks=${SLURM_ARRAY_TASK_COUNT:-${TASKS:-1}}

exec "${INKBIT:-inkbit}" sweep \
    --plan "${PLAN:-host/sweeps/small.toml}" \
    --out "${OUT:-sweeps/small}-$task" \
    --shard "$task/$tasks" \
    "$@"
