// The tables of the settings of runs that combine others: online training, DAgger, and training of
// segmentation networks; and their defaults.
#include <string.h>

#include "imprint/learn.h"
#include "learn/settings/settings_tables.h"
#include "sim/simulator/sim_settings.h"

enum { ONLINE_COOKIE = 0x0711E, SEG_TRAIN_COOKIE = 0x5E67, DAGGER_COOKIE = 0xDA66E7 };

// NULL for a number that is no schedule.
const char *imp_beta_schedule_name(int beta)
{
    static const char *const words[] = {
#define IMP_BETA_NAME(name, word) word,
        IMP_BETA_MAP(IMP_BETA_NAME)
#undef IMP_BETA_NAME
    };
    return beta >= 0 && beta < (int)(sizeof words / sizeof words[0]) ? words[beta] : NULL;
}

imp_online_def imp_default_online_def(void)
{
    imp_online_def def = {
        .collect = imp_default_collect_def(),
        .train = imp_default_train_def(),
        .replay_buffer = 256,
        .cookie = ONLINE_COOKIE,
    };
    def.collect.episodes = 32;
    def.collect.steps = 64;
    // the standard deviation of the noise, in duty cycles
    def.collect.noise = 0.08;
    def.collect.expert_share = 0.25;
    def.collect.mix_steps = 30;
    def.train.epochs = 60;
    def.train.schedule = IMP_SCHEDULE_COSINE;
    return def;
}

// Online training adds the rollouts and the size of the buffer.
static const imp_struct_member ONLINE[] = {
    IMP_MEMBER_NESTED(imp_online_def, collect, &imp_collect_members),
    IMP_MEMBER_WITH(imp_online_def, train, STRUCT, .of = &imp_train_members,
                    .reason = "is compared as of any training"),
    IMP_MEMBER_WITH(imp_online_def, replay_buffer, INT, .key = "buffer", .range = IMP_FROM(1),
                    .help = "episodes in memory; an epoch visits each once"),
    IMP_MEMBER_COOKIE(imp_online_def, ONLINE_COOKIE),
};
const imp_struct_table imp_online_members = IMP_STRUCT_TABLE(imp_online_def, ONLINE);

imp_seg_train_def imp_default_seg_train_def(void)
{
    imp_seg_train_def def = {
        .sim = imp_default_sim_def(),
        .train = imp_default_train_def(),
        .images = 4096,
        .validation_images = 256,
        .cookie = SEG_TRAIN_COOKIE,
    };
    def.sim.split = IMP_SPLIT_TRAIN;
    def.sim.env.randomize_objects = true;
    (void)imp_randomization_parse_list(&def.sim.randomization, "looks", NULL);
    // the network sets its number of outputs: a value for each class of each cell
    strcpy(def.train.network.architecture, "segmenter");
    def.train.network.outputs = 0;
    def.train.network.batch_norm = true;
    def.train.trainer.batch = 16;
    def.train.trainer.loss = IMP_LOSS_CROSS_ENTROPY;
    def.train.trainer.classes = IMP_CLASS_COUNT;
    def.train.trainer.learning_rate = 3e-3;
    def.train.schedule = IMP_SCHEDULE_COSINE;
    def.train.warm_up_steps = 50;
    def.train.epochs = 8;
    def.train.checkpoint_steps = 200;
    return def;
}

// What the rendered images of a segmenter's training follow from.
static const imp_struct_member SEG_TRAIN[] = {
    IMP_SIM_MAPS_AND_UNUSED(imp_seg_train_def),
    IMP_SIM_IGNORED(imp_seg_train_def, observation, IMP_REASON_UNUSED),
    IMP_SIM_IGNORED(imp_seg_train_def, expert, IMP_REASON_UNUSED),
    IMP_SIM_IGNORED(imp_seg_train_def, split, "chooses the maps, which are compared"),
    IMP_SIM_NESTED(imp_seg_train_def, env, &imp_env_members),
    IMP_SIM_NESTED(imp_seg_train_def, camera, &imp_camera_members),
    IMP_SIM_NESTED(imp_seg_train_def, scene, &imp_scene_members),
    IMP_SIM_NESTED(imp_seg_train_def, randomization, &imp_randomization_members),
    IMP_MEMBER_WITH(imp_seg_train_def, train, STRUCT, .of = &imp_train_members,
                    .reason = "is compared as of any training"),
    IMP_MEMBER_WITH(imp_seg_train_def, images, INT, .key = "pictures", .range = IMP_FROM(1),
                    .help = "new images per epoch"),
    IMP_MEMBER_WITH(imp_seg_train_def, validation_images, INT, .key = "held_out",
                    .range = IMP_FROM(1), .help = "number of validation images"),
    IMP_MEMBER_COOKIE(imp_seg_train_def, SEG_TRAIN_COOKIE),
};
const imp_struct_table imp_seg_train_members = IMP_STRUCT_TABLE(imp_seg_train_def, SEG_TRAIN);

imp_dagger_def imp_default_dagger_def(void)
{
    imp_dagger_def def = {
        .collect = imp_default_collect_def(),
        .train = imp_default_train_def(),
        .eval = imp_default_eval_def(),
        .rounds = 4,
        .beta = IMP_BETA_EXPONENTIAL,
        .beta_decay = 0.5,
        .settings = "{}",
        .cookie = DAGGER_COOKIE,
    };
    def.collect.episodes = 100;
    def.collect.steps = 100;
    def.collect.mix_steps = 30;
    def.train.epochs = 3;
    def.train.schedule = IMP_SCHEDULE_COSINE;
    // a few labels are outliers: look-ahead chose them near the road's edge. Huber's loss keeps
    // them from counting by the square of their distance
    def.train.trainer.loss = IMP_LOSS_HUBER;
    // the decay per step of the weights' exponential moving average
    def.train.trainer.ema_decay = 0.998;
    def.train.trainer.learning_rate = 1.5e-3;
    def.eval.episodes = 50;
    def.eval.steps = 500;
    def.eval.settle_steps = 60;
    return def;
}

// What the rounds of DAgger follow from; collecting and training add their own tables.
static const imp_struct_member DAGGER[] = {
    IMP_MEMBER_WITH(imp_dagger_def, collect, STRUCT, .of = &imp_collect_members,
                    .reason = "is compared as of any dataset"),
    IMP_MEMBER_WITH(imp_dagger_def, first_episodes, INT, .range = IMP_FROM(0),
                    .help =
                        "episodes of round 0, in which only the expert drives; 0: as in the other "
                        "rounds"),
    IMP_MEMBER_NESTED(imp_dagger_def, train, &imp_train_members),
    IMP_MEMBER_IGNORED(imp_dagger_def, policy_trainer, "is known by the policies that it makes"),
    IMP_MEMBER_NESTED(imp_dagger_def, eval, &imp_eval_members),
    IMP_MEMBER_WITH(imp_dagger_def, last_epochs, INT, .range = IMP_FROM(0),
                    .help = "epochs after the last round; 0: as after the others"),
    IMP_MEMBER_WITH(imp_dagger_def, rounds, INT, .reason = "more can be made", .range = IMP_FROM(0),
                    .help = "number of rounds in which the network drives"),
    IMP_MEMBER_WITH(imp_dagger_def, beta, INT, .word = imp_beta_schedule_name,
                    .choices = imp_beta_schedule_name,
                    .help =
                        "schedule of the expert's share of the driving: linear, exponential, or "
                        "switch (the expert drives where it is needed)"),
    IMP_MEMBER_WITH(imp_dagger_def, beta_decay, DOUBLE, .range = IMP_WITHIN(0, 1),
                    .help =
                        "decrease of that share per round: of the whole (linear), or of the rest "
                        "(exponential)"),
    IMP_MEMBER_IGNORED(imp_dagger_def, take_overs, IMP_REASON_CONTENT),
    IMP_MEMBER_IGNORED(imp_dagger_def, take_over_count, IMP_REASON_CONTENT),
    IMP_MEMBER_WITH(imp_dagger_def, patience, INT, .reason = "says when to stop",
                    .range = IMP_FROM(0),
                    .help = "stop after N rounds without a better policy; 0: never"),
    IMP_MEMBER_IGNORED(imp_dagger_def, resume, IMP_REASON_RESUME),
    IMP_MEMBER_IGNORED(imp_dagger_def, settings, IMP_REASON_COPY),
    IMP_MEMBER_COOKIE(imp_dagger_def, DAGGER_COOKIE),
};
const imp_struct_table imp_dagger_members = IMP_STRUCT_TABLE(imp_dagger_def, DAGGER);
