#!/bin/sh
# plugin.sh: a policy plug-in, built by the C compiler, drives in log, dagger and eval, with the
# same bytes for any number of threads; --resume refuses one that was changed; what is no plug-in is
# refused with its reason.
# shellcheck source=tests/scripts/cli.lib
. "$(dirname "$0")/cli.lib"

compiler=${CC:-cc}
command -v "$compiler" >/dev/null || { echo "skipped: no C compiler called $compiler"; exit 77; }

# build OUT SOURCE [OPTION...]
build() {
    out=$1
    source=$2
    shift 2
    "$compiler" -std=c17 -O2 -Wall -Wextra -Wpedantic -Werror -shared -fPIC "$@" \
        -I "$SOURCE/include" -o "$out" "$source" -lm || fail "$source does not compile"
}
build own.so "$SOURCE/examples/own_expert.c"

# it drives well, as a path or as a bare name
expect 0 imprint eval --policy ./own.so --episodes 4 --steps 300 --quiet --json
prints '"completed": 4'
expect 0 imprint eval --policy own.so --episodes 1 --steps 5 --quiet

# so does the example in the documentation
# shellcheck disable=SC2016  # the backticks are Markdown's
sed -n '/^```c$/,/^```$/{/^```/d;p}' "$SOURCE/docs/plugins.md" >documented.c
build documented.so documented.c
expect 0 imprint eval --policy ./documented.so --episodes 2 --steps 100 --quiet --json
prints '"completed": 2'

# log: with noise, randomisation and several maps, threads do not matter
drive="log --policy ./own.so --steps 60 --noise 0.1 --randomize all --map loop_empty
    --map small_loop --quiet"
# shellcheck disable=SC2086  # options are words
{
    expect 0 imprint $drive --episodes 4 --threads 1 --out one
    expect 0 imprint $drive --episodes 4 --threads 3 --out three
    same_folders one three
    expect 0 imprint $drive --episodes 2 --out two
    expect 0 imprint log --resume --out two --episodes 4 --quiet
    same_folders one two main_data.hdf5
}
expect 0 imprint data info one
prints own-expert-

# another code under the same path is another policy
expect 0 imprint log --policy ./own.so --episodes 1 --steps 5 --out short --quiet
sed 's/ahead = 0.25/ahead = 0.3/' "$SOURCE/examples/own_expert.c" >other.c
cp own.so kept.so
build own.so other.c
expect 2 imprint log --resume --out short --episodes 2 --quiet
says 'has policy own-expert-'
expect 0 imprint dagger --expert ./own.so --rounds 0 --episodes 2 --steps 20 --epochs 1 \
    --eval-episodes 1 --eval-steps 5 --quiet --out taught
mv kept.so own.so
expect 2 imprint dagger --resume --out taught --rounds 1 --quiet
says 'has policy own-expert-'
expect 0 imprint log --resume --out short --episodes 2 --quiet

# dagger: it drives round 0 and labels what the network drives
teach="dagger --expert ./own.so --rounds 1 --episodes 3 --steps 40 --epochs 1 --eval-episodes 2
    --eval-steps 20 --quiet"
# shellcheck disable=SC2086
{
    expect 0 imprint $teach --threads 1 --out first
    expect 0 imprint $teach --threads 2 --out second
}
same_folders first second model.safetensors rounds.csv data-000/main_data.hdf5 \
    data-001/main_data.hdf5
expect 0 imprint dagger --rounds 1 --episodes 3 --steps 40 --epochs 1 --eval-episodes 2 \
    --eval-steps 20 --quiet --out ours
differ first/model.safetensors ours/model.safetensors "our expert taught"
expect 0 imprint log --policy first --expert ./own.so --episodes 1 --steps 10 --quiet --out labels
expect 2 imprint log --policy first --expert first --episodes 1 --out none --quiet
says 'plug-in'

# a plug-in that needs images gets them, in the size that it asks for
cat >looks.c <<'END'
#include <imprint/plugin.h>
#include <stddef.h>

static int32_t create(void **out, char *message, uint32_t size)
{
#ifdef REFUSES
    if (size > 12)
        for (int k = 0; k < 12; k++)
            message[k] = "not today\n\0"[k];
    return 1;
#endif
    *out = NULL;
    (void)message, (void)size;
    return 0;
}
static void destroy(void *policy)
{
    (void)policy;
}
static void reset(void *policy, const imp_plugin_state *state)
{
    (void)policy, (void)state;
}
static int32_t act(void *policy, const imp_plugin_state *state, const imp_plugin_image *image,
                   imp_plugin_action *out)
{
    imp_plugin_object object;
    (void)policy;
    if (image->width != 32 || image->height != 24 || image->rgb == NULL)
        return 9;
    for (int32_t k = 0; k < state->world->object_count; k++)
        if (state->world->get_object(state->world, k, &object) && !(object.radius > 0.0))
            return 8;
    if (state->world->get_object(state->world, state->world->object_count, &object))
        return 7;
    out->left = image->rgb[0] / 255.0;
    out->right = 0.0 / 0.0;
    return state->frame < FRAMES ? 0 : 5;
}
const imp_plugin *GETTER(void);
const imp_plugin *GETTER(void)
{
    static const imp_plugin table = {VERSION, sizeof(imp_plugin), NAME, 32, 24,
                                     create,  destroy,            reset, act};
    return &table;
}
END
variant() { # OUT [OPTION...]
    out=$1
    shift
    build "$out" looks.c -DFRAMES=1000 "$@"
}
usual="-DVERSION=IMP_PLUGIN_ABI_VERSION -DGETTER=imp_plugin_get"
# shellcheck disable=SC2086
{
    variant looks.so $usual '-DNAME="looks"'
    variant refuses.so $usual '-DNAME="refuses"' -DREFUSES
    variant fails.so $usual '-DNAME="fails"' -UFRAMES -DFRAMES=3
    variant named.so $usual '-DNAME="../looks"'
    variant old.so -DVERSION=77 -DGETTER=imp_plugin_get '-DNAME="old"'
    variant lacks.so -DVERSION=IMP_PLUGIN_ABI_VERSION -DGETTER=another '-DNAME="lacks"'
}
evaluates() { # CODE PLUGIN [OPTION...]
    wanted_code=$1
    shift
    expect "$wanted_code" imprint eval --episodes 1 --steps 8 --quiet --policy "$@"
}
evaluates 0 ./looks.so --size 32x24 --map udem1
evaluates 3 ./looks.so
says '32 x 24'
evaluates 3 ./refuses.so --size 32x24
says 'not today'
evaluates 3 ./named.so
says 'its name'
evaluates 3 ./old.so
says 'version 77'
evaluates 3 ./lacks.so
says 'imp_plugin_get'
echo 'no machine code' >text.so
evaluates 3 ./text.so
says 'shared object'
evaluates 3 ./absent.so
says 'no such file'
expect 3 imprint log --policy ./fails.so --size 32x24 --episodes 1 --steps 8 --quiet --out failed
says 'act() returned 5'
