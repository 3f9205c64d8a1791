#!/bin/sh
# Runs the example plan from nothing in a scratch copy, so that the repository stays as it is.
# usage: sh examples/demo.sh SCRATCH_FOLDER      (needs `milepost` on the PATH)
set -eu
example="$(cd "$(dirname "$0")/wordcount" && pwd)"
mkdir -p "$1"
scratch="$(cd "$1" && pwd)/wordcount"

rm -rf "$scratch"
cp -R "$example" "$scratch"
cd "$scratch"
# What is trusted is recorded here instead of in the user's own state folder.
export XDG_STATE_HOME="$scratch/.milepost/state"

show() {
    printf '\n$ %s\n' "$1"
    eval "$1"
}

show 'milepost check tasks.md'
show 'milepost schedule tasks.md'
show 'milepost run tasks.md --trust --approve "Checkpoint 2" --by demo'
show 'milepost status tasks.md'

printf '\n$ diff -u before/tasks.md after/tasks.md\n'
! diff -u --label before/tasks.md "$example/tasks.md" --label after/tasks.md tasks.md
