#!/bin/sh
# cli_agent.sh: `imprint agent`, `imprint eval --agent` and `imprint submission` from the arguments
# to the files, with a model that has learned next to nothing.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

golden=$SOURCE/tests/fixtures/golden/aido-node
agent=$(dirname "$IMPRINT")/imprint-agent
[ -x "$agent" ] || fail "no $agent beside the program"

expect 0 imprint log --episodes 2 --steps 32 --out data
expect 0 imprint train --data data --epochs 1 --out model

# streams from the environment or the options; exit codes
"$agent" --model model <"$golden/whole-run.in.cbor" >answers || fail "the run was refused"
AIDONODE_DATA_IN=$golden/whole-run.in.cbor AIDONODE_DATA_OUT=again expect 0 imprint agent -m model
cmp answers again || fail "imprint and imprint-agent differ"
expect 0 imprint agent -m model --data-in "$golden/whole-run.in.cbor" --data-out fifo-less
cmp answers fifo-less || fail "the answers differ"
[ "$(wc -c <answers)" -eq "$(wc -c <"$golden/whole-run.out.cbor")" ] || fail "other answers"
expect 1 imprint agent -m model --data-in "$golden/seed-twice.in.cbor"
says 'seed'

# refused before anything is read
printf '\377' >garbage
expect 3 imprint agent -m model --data-in garbage
says 'is not a message'
head -c 2000 model/model.safetensors >broken.safetensors
expect 3 imprint agent -m broken.safetensors --data-in garbage
says 'broken.safetensors'
printf 'image_width: x\n' >lens.yaml
expect 3 imprint agent -m model --lens lens.yaml --data-in garbage
says 'lens.yaml'
expect 3 imprint agent -m model --lens none --data-in garbage
says "with the lens 'duckiebot'"
expect 2 imprint agent -m model --deadline 0 --data-in garbage
expect 2 imprint agent model

# signals end it with 0, while it waits for its streams and afterwards
start imprint agent -m model --data-in absent
stop TERM 0
mkfifo in
start imprint agent -m model --data-in in --data-out fifo:sub/out
until [ -p sub/out ] || ! runs; do sleep 0.05; done
stop INT 0

# agents in a challenge: ours ends by itself when its input does; one that fails fails alone
expect 1 imprint eval --no-sandbox --protocol aido-lfi --agent-timeout 30 -j 2 --out lfi \
    --agent "\"$agent\" -m '$work/model'; echo \$? >>'$work/ended'" \
    --agent 'echo broken >&2; exit 9'
prints "echo broken >&2; exit 9: 0 of 2 episodes completed"
prints 'it ended with status 9; its last output: broken'
says '2 episodes ended because an agent failed'
[ "$(sort -u ended)" = 0 ] || fail "our agent did not end by itself: $(cat ended)"
grep -q '"reason": "the agent exited' lfi/metrics.json || fail "no reason in metrics.json"
# an agent that hangs costs its own episode; the one beside it and the next go on. What was said in
# those is kept, without pictures' bytes looking like words
cat >moody <<END
mkdir '$work/hung' 2>/dev/null && exec sleep 90
exec "$agent" -m '$work/model'
END
expect 1 imprint eval --no-sandbox --protocol aido-lfi --agent-timeout 10 -j 2 -n 4 \
    --out moody-out --agent "sh '$work/moody'" --keep-messages
says '1 episode ended because an agent failed'
prints 'failed: the agent timed out while opening its streams'
[ "$(find moody-out/messages -name 'agent1-episode?.cbor' | wc -l)" -eq 3 ] ||
    fail "wanted the messages of three episodes: $(ls moody-out/messages)"
for log in moody-out/messages/*; do
    for topic in observations robot_state get_commands; do
        asked=$(grep -ao "topic.$topic" "$log" | wc -l)
        [ "$asked" -eq "$(grep -ao 'topichcommands' "$log" | wc -l)" ] || fail "$log: $topic"
    done
    [ "$asked" -gt 10 ] || fail "$log: $asked questions"
    ! grep -aq understood "$log" || fail "$log: control messages"
done
# what was recorded can be fed to an agent, which says the same again
wheels() {
    od -An -v -tx1 "$1" | tr -d ' \n' |
        grep -oE '6d6f746f725f6c656674fb.{16}..6d6f746f725f7269676874fb.{16}'
}
expect 0 imprint eval "$sandbox" --protocol aido-lfi -n 1 --out kept --keep-messages \
    --agent "\"$agent\" -m '$work/model' --deadline 60"
expect 0 imprint agent -m model --deadline 60 --data-in kept/messages/agent1-episode0.cbor \
    --data-out replies
wheels kept/messages/agent1-episode0.cbor >kept.hex
wheels replies >replies.hex
[ "$(wc -l <replies.hex)" -gt 10 ] || fail "the agent had little to say to what was recorded"
cmp kept.hex replies.hex || fail "the agent said something else to what was recorded"
rm -r kept replies
expect 0 imprint eval "$sandbox" --protocol aido-lfi -j 2 -n 4 --out moody-out --force \
    --agent "sh '$work/moody'"
absent moody-out/messages/agent1-episode1.cbor
expect 2 imprint eval --protocol aido-lfi --agent "$agent" --keep-messages
says '--out'
expect 2 imprint eval --agent "$agent"
says 'give --protocol'

# how fast an agent is
expect 0 imprint bench agent --frames 30 --model model
prints 'ms from start to ready'
expect 0 imprint bench agent "$sandbox" --json --frames 30 --agent "\"$agent\" -m '$work/model'"
prints '"agent-99.9%"'
expect 1 imprint bench agent "$sandbox" --frames 30 --agent 'echo broken >&2; exit 9'
says 'its last output: broken'
expect 2 imprint bench agent --frames 0

# submissions
expect 0 imprint submission new entry --model model --label duck
expect 0 imprint submission check "$sandbox" entry
prints 'its agent drives'
[ "$(du -sk entry | cut -f1)" -lt 12000 ] || fail "the submission is too large: $(du -sk entry)"
expect 4 imprint submission new entry --model model
says 'not empty'
expect 3 imprint submission new other --model broken.safetensors
absent other
echo 'colour: red' >>entry/submission.yaml
expect 1 imprint submission check "$sandbox" entry
says 'submission.yaml:4'
sed -i '/colour/d; s/aido2_db18_agent-z2/[a, aido2_db18_agent-z2]/' entry/submission.yaml
expect 0 imprint submission check "$sandbox" entry
rm entry/model.safetensors
expect 1 imprint submission check "$sandbox" entry
says 'model.safetensors, which does not exist'

echo 'CMD ["true"]' >>entry/Dockerfile
touch entry/model.safetensors
expect 1 imprint submission check "$sandbox" entry
says 'Dockerfile:10: only one CMD or ENTRYPOINT'
expect 2 imprint submission check
