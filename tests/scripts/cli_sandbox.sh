#!/bin/sh
# cli_sandbox.sh: agents run in a sandbox unless the user says otherwise, and the user is told where
# there is none.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

eval_agent() { # COMMAND OPTION...
    command=$1
    shift
    expect 1 imprint eval --protocol aido-lfi -n 1 --agent-timeout 20 --agent "$command" "$@"
}

eval_agent "touch '$work/reached'; exit 3" --no-sandbox
[ -e reached ] || fail "--no-sandbox does not let an agent write"
rm reached

# without bubblewrap on the PATH
mkdir without
for tool in sh touch; do
    ln -s "$(command -v $tool)" without/
done
code=0
PATH=$work/without "$IMPRINT" eval --protocol aido-lfi -n 1 --agent-timeout 20 \
    --agent "touch '$work/reached'; exit 3" >out 2>err || code=$?
[ $code -eq 1 ] || fail "without bubblewrap: exit code $code"
grep -q 'note: agents run without a sandbox.*bwrap) is not installed.*--no-sandbox' err ||
    fail "without bubblewrap nothing is said: $(cat err)"
[ -e reached ] || fail "without bubblewrap the agent did not run"
rm reached

if [ "$sandbox" = --no-sandbox ]; then
    echo "skipped: this machine has no sandbox"
    exit 77
fi
eval_agent "touch '$work/reached'; exit 3"
[ ! -e reached ] || fail "an agent in the sandbox wrote a file"
prints 'status 3'
# a name that no file outside has, because the sandbox shows files that a command names
eval_agent "mkdir /tmp/private-$$ && echo private && exit 4"
prints 'status 4; its last output: private'

# a submission that writes where it is
expect 0 imprint log --episodes 1 --steps 20 --size 80x60 --out data
expect 0 imprint train --data data --network small --epochs 1 --out model
expect 0 imprint submission new entry --model model
expect 0 imprint submission check entry
sed -i 's/^\(ENTRYPOINT\|CMD\).*/CMD ["sh", "-c", "touch here; exit 5"]/' entry/Dockerfile
expect 1 imprint submission check entry
[ ! -e entry/here ] || fail "a submission wrote into its folder"
