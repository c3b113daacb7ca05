// The table of the settings of training, and their defaults. The optimiser has its table in
// nn/trainer.
#include "imprint/train.h"
#include "learn/settings/settings_tables.h"
#include "nn/trainer/trainer.h"

enum { TRAIN_COOKIE = 0x76A1 };

// The shuffle buffer is counted in samples, checkpoint_steps in steps, decay_epochs in epochs;
// validation is a share of the episodes.
imp_train_def imp_default_train_def(void)
{
    return (imp_train_def){
        .network = imp_default_network_def(),
        .trainer = imp_default_trainer_def(),
        .decay_factor = 0.1,
        .decay_epochs = 10,
        .epochs = 10,
        .validation = 0.1,
        .seed = 1,
        .shuffle_buffer = 32768,
        .checkpoint_steps = 500,
        .tensorboard = true,
        .settings = "{}",
        .cookie = TRAIN_COOKIE,
    };
}

static const char *schedule_name(int k)
{
    static const char *const names[] = {
        [IMP_SCHEDULE_CONSTANT] = "constant",
        [IMP_SCHEDULE_COSINE] = "cosine",
        [IMP_SCHEDULE_STEP] = "step",
    };
    return k < (int)(sizeof names / sizeof names[0]) ? names[k] : NULL;
}

static const char DESCRIBED[] = "is compared by the description in the state";

// The state file describes the network's layout itself; only what it does not contain is listed.
static const imp_struct_member NETWORK[] = {
    IMP_MEMBER_IGNORED(imp_network_def, architecture, DESCRIBED),
    IMP_MEMBER_IGNORED(imp_network_def, width, DESCRIBED),
    IMP_MEMBER_IGNORED(imp_network_def, height, DESCRIBED),
    IMP_MEMBER_IGNORED(imp_network_def, outputs, DESCRIBED),
    IMP_MEMBER_WITH(imp_network_def, batch_norm, BOOL,
                    .help = "true batch normalisation instead of the baseline's frozen one"),
    IMP_MEMBER_IGNORED(imp_network_def, cookie, "says only that the definition has its defaults"),
};
const imp_struct_table imp_network_members = IMP_STRUCT_TABLE(imp_network_def, NETWORK);

// One member for each kind of augmentation.
static const imp_struct_member AUGMENT[] = {
#define AUGMENT_MEMBER(member, word, usual, most) IMP_MEMBER(imp_augment, member, DOUBLE),
    IMP_AUGMENT_MAP(AUGMENT_MEMBER)
#undef AUGMENT_MEMBER
};
const imp_struct_table imp_augment_members = IMP_STRUCT_TABLE(imp_augment, AUGMENT);

// Everything that trained weights follow from, besides the samples.
static const imp_struct_member TRAIN[] = {
    IMP_MEMBER_NESTED(imp_train_def, network, &imp_network_members),
    IMP_MEMBER_NESTED(imp_train_def, trainer, &imp_trainer_members),
    IMP_MEMBER_WITH(imp_train_def, schedule, INT, .choices = schedule_name,
                    .help =
                        "learning rate schedule: constant, step, or cosine (down to a hundredth)"),
    IMP_MEMBER_WITH(imp_train_def, decay_factor, DOUBLE, .range = {0, 1, .without_low = true},
                    .help = "factor of the learning rate in the step schedule"),
    IMP_MEMBER_WITH(imp_train_def, decay_epochs, INT, .range = IMP_FROM(1),
                    .help = "epochs between the steps of the step schedule"),
    IMP_MEMBER_WITH(imp_train_def, warm_up_steps, INT, .range = IMP_FROM(0),
                    .help = "steps during which the learning rate first grows from 0"),
    IMP_MEMBER_WITH(imp_train_def, initial, TEXT, .reason = "is compared by its contents",
                    .unit = "MODEL",
                    .help = "start from the weights of this model instead of random ones"),
    IMP_MEMBER_WITH(imp_train_def, turn_weight, DOUBLE, .key = "weight_turns",
                    .range = IMP_WITHIN(0, 1e6), .unit = "X",
                    .help =
                        "weight samples by (1 + X t) / (1 + X), t: |right - left| duty cycle over "
                        "its mean; 0: all equal"),
    IMP_MEMBER_NESTED(imp_train_def, augment, &imp_augment_members),
    IMP_MEMBER_IGNORED(imp_train_def, data_weights, "is compared by its contents"),
    IMP_MEMBER_WITH(imp_train_def, epochs, INT, .range = IMP_FROM(1), .help = "epochs"),
    IMP_MEMBER_WITH(imp_train_def, patience, INT, .reason = "says when to stop",
                    .range = IMP_FROM(0),
                    .help = "stop after N epochs without a better model; 0: never"),
    IMP_MEMBER_WITH(imp_train_def, validation, DOUBLE, .range = {0, 1, .without_high = true},
                    .unit = "SHARE", .help = "share of the episodes used for validation"),
    IMP_MEMBER_WITH(imp_train_def, seed, UINT64, .help = "seed of weights, order and split"),
    IMP_MEMBER_WITH(imp_train_def, shuffle_buffer, INT, .key = "window", .range = IMP_FROM(0),
                    .help = "samples that are shuffled together, 0: all; two buffers must fit into "
                            "memory"),
    IMP_MEMBER_WITH(imp_train_def, checkpoint_steps, INT,
                    .reason = "says how often something is saved", .range = IMP_FROM(1),
                    .help = "save the state of the training every N steps"),
    IMP_MEMBER_WITH(imp_train_def, tensorboard, BOOL, .reason = "results do not depend on logs",
                    .help = "write a TensorBoard log, too"),
    IMP_MEMBER_WITH(imp_train_def, resume, BOOL, .reason = IMP_REASON_RESUME,
                    .help = "continue an interrupted training with its settings"),
    IMP_MEMBER_IGNORED(imp_train_def, settings, IMP_REASON_COPY),
    IMP_MEMBER_IGNORED(imp_train_def, communicator, "says who computes"),
    IMP_MEMBER_COOKIE(imp_train_def, TRAIN_COOKIE),
};
const imp_struct_table imp_train_members = IMP_STRUCT_TABLE(imp_train_def, TRAIN);
