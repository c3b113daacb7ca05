// Which topics of a bag belong together. Topics carry the robot's name: /ROBOT/NODE/TOPIC, where
// Duckietown's nodes are called ..._node. Pictures of one robot never go with commands of another
// unless somebody names both topics.
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "logs/bag_topics.h"

enum { NAME = 256 };

// ---- names --------------------------------------------------------------------------------------

// Bytes of a topic before its node, "/a" of "/a/camera_node/image"; -1 if it names no node.
static int find_node(const char *topic)
{
    static const char ending[] = "_node";
    for (const char *at = topic; *at == '/';) {
        const size_t length = strcspn(at + 1, "/");
        if (at[1 + length] == '\0')
            return -1; // the last part is the topic's own name
        if (length > strlen(ending) &&
            memcmp(at + 1 + length - strlen(ending), ending, strlen(ending)) == 0)
            return (int)(at - topic);
        at += 1 + length;
    }
    return -1;
}

// Whether a first part is what a device is called rather than a robot.
static bool is_device(const char *name, size_t length)
{
    static const char *const devices[] = {"cam",    "usb_cam", "cv_camera", "raspicam", "image",
                                          "wheels", "motors",  "car",       "joy"};
    if (length >= 6 && memcmp(name, "camera", 6) == 0)
        return true;
    for (size_t k = 0; k < sizeof devices / sizeof devices[0]; k++)
        if (strlen(devices[k]) == length && memcmp(devices[k], name, length) == 0)
            return true;
    return false;
}

// Parts of a topic's name that are not image_transport's.
static int count_parts(const imp_bag_topic *t)
{
    static const char *const transports[] = {"/compressed", "/compressedDepth", "/theora"};
    const size_t length = strlen(t->name);
    int parts = 0;
    for (const char *at = t->name; (at = strchr(at, '/')) != NULL; at++)
        parts++;
    for (size_t k = 0; k < sizeof transports / sizeof transports[0]; k++) {
        const size_t tail = strlen(transports[k]);
        if (length > tail && strcmp(t->name + length - tail, transports[k]) == 0)
            return parts - 1;
    }
    return parts;
}

// Whether a path is that of a folder or something in it.
static bool is_within(const char *path, const char *folder, size_t length)
{
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void name_robot(imp_bag_topic *t, const imp_bag *bag)
{
    int length = find_node(t->name);
    // of other nodes, the longest namespace that is known from those whose names say it
    for (int k = 0; length < 0 && k < bag->connection_count; k++) {
        const int known = find_node(bag->connections[k].topic);
        if (known > 0 && is_within(t->name, bag->connections[k].topic, (size_t)known) &&
            known > (int)strlen(t->robot) + 1)
            snprintf(t->robot, sizeof t->robot, "%.*s", known - 1, bag->connections[k].topic + 1);
    }
    if (t->robot[0] != '\0' || length == 0 || t->name[0] != '/')
        return;
    if (length < 0) {
        length = 1 + (int)strcspn(t->name + 1, "/");
        if (count_parts(t) < 2 || is_device(t->name + 1, (size_t)length - 1))
            return;
    }
    snprintf(t->robot, sizeof t->robot, "%.*s", length - 1, t->name + 1);
}

static bool counts(const imp_bag_topic *t)
{
    return t->count > 0 && (imp_bag_is_picture(t) || imp_bag_is_command(t));
}

void imp_bag_name_robots(imp_bag_topics *s, const imp_bag *bag)
{
    for (int k = 0; k < s->count; k++)
        name_robot(&s->all[k], bag);
    // what is in a robot's namespace is a part of it
    for (int k = 0; k < s->count; k++)
        for (int i = 0; i < s->count; i++) {
            const imp_bag_topic *other = &s->all[i];
            if (counts(other) && other->robot[0] != '\0' &&
                is_within(s->all[k].robot, other->robot, strlen(other->robot)))
                memcpy(s->all[k].robot, other->robot, sizeof other->robot);
        }
}

// Whether a topic can be of a robot; "" stands for none.
static bool is_of(const imp_bag_topic *t, const char *robot)
{
    return robot[0] == '\0' || t->robot[0] == '\0' || strcmp(t->robot, robot) == 0;
}

// ---- the best of several ------------------------------------------------------------------------

static bool has_kind(const imp_bag_topic *t, bool commands)
{
    return commands ? imp_bag_is_command(t) : imp_bag_is_picture(t);
}

static bool is_first_kind(const imp_bag_topic *t)
{
    return t->kind == IMP_MESSAGE_COMPRESSED_IMAGE || t->kind == IMP_MESSAGE_WHEELS;
}

// Compressed pictures before raw ones, wheel commands before car commands, then the one with most.
static bool is_better(const imp_bag_topic *a, const imp_bag_topic *b)
{
    if (a->count > 0 && b->count > 0 && is_first_kind(a) != is_first_kind(b))
        return is_first_kind(a);
    return a->count != b->count ? a->count > b->count : a->messages > b->messages;
}

// The best topic of pictures, or commands, of a robot: of its own, else one that is nobody's. One
// with messages of which none can be read only if there is no other.
static imp_bag_topic *find_best(imp_bag_topics *s, bool commands, const char *robot)
{
    enum { OWN, NOBODYS, UNREADABLE, PASSES };
    imp_bag_topic *best = NULL;
    for (int pass = OWN; pass < PASSES && best == NULL; pass++)
        for (int k = 0; k < s->count; k++) {
            imp_bag_topic *t = &s->all[k];
            if (t->messages == 0 || (t->count == 0 && pass != UNREADABLE) ||
                !has_kind(t, commands) || !is_of(t, robot) ||
                (pass == OWN && robot[0] != '\0' && t->robot[0] == '\0'))
                continue;
            if (best == NULL || is_better(t, best))
                best = t;
        }
    return best;
}

static imp_bag_topic *find_named(imp_bag_topics *s, bool commands, const char *name)
{
    imp_bag_topic *best = NULL;
    for (int k = 0; k < s->count; k++) {
        imp_bag_topic *t = &s->all[k];
        if (t->messages > 0 && has_kind(t, commands) && strcmp(t->name, name) == 0 &&
            (best == NULL || is_better(t, best)))
            best = t;
    }
    return best;
}

// ---- robots -------------------------------------------------------------------------------------

// The robots in the order of the bag; returns how many.
static int list_robots(const imp_bag_topics *s, const char *out[IMP_BAG_TOPICS_MAX])
{
    int count = 0;
    for (int k = 0; k < s->count; k++) {
        bool known = !counts(&s->all[k]) || s->all[k].robot[0] == '\0';
        for (int i = 0; i < count && !known; i++)
            known = strcmp(out[i], s->all[k].robot) == 0;
        if (!known)
            out[count++] = s->all[k].robot;
    }
    return count;
}

static size_t count_of(imp_bag_topics *s, bool commands, const char *robot)
{
    const imp_bag_topic *best = find_best(s, commands, robot);
    return best == NULL || strcmp(best->robot, robot) != 0 ? 0 : best->count;
}

// "a (12 pictures, 6 commands), b (6 pictures, 12 commands)"
static void describe_robots(imp_bag_topics *s, char out[NAME])
{
    const char *robots[IMP_BAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < count && used < NAME; k++)
        used += (size_t)snprintf(out + used, NAME - used, "%s%.40s (%s, %s)", k > 0 ? ", " : "",
                                 robots[k],
                                 IMP_COUNT((int64_t)count_of(s, false, robots[k]), "picture"),
                                 IMP_COUNT((int64_t)count_of(s, true, robots[k]), "command"));
}

static imp_status refuse(imp_bag_topics *s, const char *why, imp_error *err)
{
    char robots[NAME];
    describe_robots(s, robots);
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: %s: %s: choose with --robot NAME, or name the topics "
                    "with --camera and --commands",
                    s->bag, why, robots);
}

// The robot that is asked for; IMP_BAD_INPUT if it is not there.
static imp_status find_wanted(const char **out, imp_bag_topics *s, imp_error *err)
{
    const char *robots[IMP_BAG_TOPICS_MAX];
    const char *wanted = s->def->robot + (s->def->robot[0] == '/');
    const int count = list_robots(s, robots);
    for (int k = 0; k < count; k++)
        if (strcmp(robots[k], wanted) == 0) {
            *out = robots[k];
            return IMP_OK;
        }
    if (count == 0)
        return imp_fail(
            err, IMP_BAD_INPUT,
            "%s: its topics name no robot, so that --robot %.60s cannot choose one: use "
            "--camera and --commands",
            s->bag, wanted);
    char listed[NAME], why[96];
    describe_robots(s, listed);
    snprintf(why, sizeof why, "holds no robot %.60s", wanted);
    return imp_fail(err, IMP_BAD_INPUT, "%s: %s: %s", s->bag, why, listed);
}

// The only robot that has both pictures and commands; "" if no topic names a robot.
static imp_status find_only(const char **out, imp_bag_topics *s, imp_error *err)
{
    const char *robots[IMP_BAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    int whole = 0;
    *out = "";
    for (int k = 0; k < count; k++) {
        const imp_bag_topic *pictures = find_best(s, false, robots[k]);
        const imp_bag_topic *commands = find_best(s, true, robots[k]);
        if (pictures == NULL || commands == NULL || pictures->count == 0 || commands->count == 0)
            continue;
        *out = robots[k];
        whole++;
    }
    if (whole > 1)
        return refuse(s, "holds pictures and commands of several robots", err);
    if (whole == 0 && count > 1 && find_best(s, false, "") != NULL &&
        find_best(s, true, "") != NULL)
        return refuse(s, "holds pictures and commands, but of no robot both", err);
    return IMP_OK;
}

// Says which of several topics is used.
static void tell_choice(imp_bag_topics *s, const imp_bag_topic *chosen, bool commands,
                        const char *named)
{
    int others = 0, second = 0;
    for (int k = 0; k < s->count && chosen != NULL; k++) {
        const imp_bag_topic *t = &s->all[k];
        const bool other =
            t != chosen && t->count > 0 && has_kind(t, commands) && is_of(t, chosen->robot);
        others += other;
        second += other && is_first_kind(t) == is_first_kind(chosen);
    }
    if (others == 0 || named != NULL)
        return;
    const char *what = commands ? "commands" : "pictures";
    const char *why = second > 0               ? "it has the most"
                      : !is_first_kind(chosen) ? "the others cannot be read"
                      : commands               ? "it is of wheel commands"
                                               : "it is of compressed pictures";
    imp_summary_note(s->summary, "%.40s: of %d topics of %s, %.60s is used: %s (%s names another)",
                     imp_base_name(s->bag), others + 1, what, chosen->name, why,
                     commands ? "--commands" : "--camera");
}

static void tell_others(imp_bag_topics *s, const char *robot)
{
    const char *robots[IMP_BAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    for (int k = 0; k < count && robot[0] != '\0'; k++)
        if (strcmp(robots[k], robot) != 0)
            imp_summary_note(s->summary, "%.40s: robot %.40s is used; %.40s (%s, %s) is not",
                             imp_base_name(s->bag), robot, robots[k],
                             IMP_COUNT((int64_t)count_of(s, false, robots[k]), "picture"),
                             IMP_COUNT((int64_t)count_of(s, true, robots[k]), "command"));
}

static void warn_mixed(imp_bag_topics *s, const imp_bag_topic *camera,
                       const imp_bag_topic *commander)
{
    if (camera == NULL || commander == NULL || is_of(commander, camera->robot))
        return;
    imp_summary_note(s->summary,
                     "%.40s: warning: the pictures are of robot %.40s, the commands of robot %.40s",
                     imp_base_name(s->bag), camera->robot, commander->robot);
}

// The robot of a topic that somebody named, whose other topic is to be found.
static imp_status find_partner(imp_bag_topic **out, imp_bag_topics *s, const imp_bag_topic *named,
                               bool commands, imp_error *err)
{
    const char *robots[IMP_BAG_TOPICS_MAX], *robot = named->robot;
    const int count = list_robots(s, robots);
    int having = 0;
    *out = find_best(s, commands, robot);
    for (int k = 0; k < count; k++)
        having += count_of(s, commands, robots[k]) > 0;
    char why[NAME];
    if (*out == NULL && having > 0) {
        snprintf(why, sizeof why, "%.100s is of robot %.40s, which has no %s", named->name, robot,
                 commands ? "commands" : "pictures");
        return refuse(s, why, err);
    }
    if (robot[0] == '\0' && having > 1) {
        snprintf(why, sizeof why, "%.100s is of no robot, and several have %s", named->name,
                 commands ? "commands" : "pictures");
        return refuse(s, why, err);
    }
    return IMP_OK;
}

// A robot and a topic of another one are a contradiction.
static imp_status check_named(const imp_bag_topics *s, const char *robot,
                              const imp_bag_topic *camera, const imp_bag_topic *commander,
                              imp_error *err)
{
    const imp_bag_topic *named[] = {camera, commander};
    for (int k = 0; k < 2; k++)
        if (named[k] != NULL && !is_of(named[k], robot))
            return imp_fail(err, IMP_USAGE, "%s: %.120s is of robot %.40s, not of --robot %.40s",
                            s->bag, named[k]->name, named[k]->robot, robot);
    return IMP_OK;
}

imp_status imp_bag_choose(imp_bag_topic **camera, imp_bag_topic **commander, imp_bag_topics *s,
                          imp_error *err)
{
    const char *named_camera = s->def->camera_topic, *named_commander = s->def->command_topic;
    const char *robot = "";
    imp_status status = IMP_OK;
    *camera = named_camera != NULL ? find_named(s, false, named_camera) : NULL;
    *commander = named_commander != NULL ? find_named(s, true, named_commander) : NULL;
    // a topic that is not there is told of later
    if ((named_camera != NULL && *camera == NULL) ||
        (named_commander != NULL && *commander == NULL))
        return IMP_OK;
    const bool free = named_camera == NULL && named_commander == NULL;
    if (s->def->robot != NULL)
        status = find_wanted(&robot, s, err);
    else if (free)
        status = find_only(&robot, s, err);
    else if (named_commander == NULL)
        status = find_partner(commander, s, *camera, true, err);
    else if (named_camera == NULL)
        status = find_partner(camera, s, *commander, false, err);
    if (status == IMP_OK && s->def->robot != NULL)
        status = check_named(s, robot, *camera, *commander, err);
    if (status != IMP_OK)
        return status;
    if (*camera == NULL)
        *camera = find_best(s, false, robot);
    if (*commander == NULL)
        *commander = find_best(s, true, robot);
    if (free)
        tell_others(s, robot);
    tell_choice(s, *camera, false, named_camera);
    tell_choice(s, *commander, true, named_commander);
    warn_mixed(s, *camera, *commander);
    return IMP_OK;
}

// ---- calibrations -------------------------------------------------------------------------------

// Bytes of a topic's name before its last part.
static size_t parent_of(const char *topic)
{
    const char *slash = strrchr(topic, '/');
    return slash == NULL ? 0 : (size_t)(slash - topic);
}

const imp_bag_topic *imp_bag_find_calibration(const imp_bag_topics *s, const imp_bag_topic *camera)
{
    const imp_bag_topic *best = NULL, *lonely = NULL;
    int found = 0, cameras = 0;
    for (int k = 0; k < s->count; k++) {
        const imp_bag_topic *t = &s->all[k];
        cameras += imp_bag_is_picture(t) && t->count > 0 && is_of(t, camera->robot) &&
                   parent_of(t->name) != 0 &&
                   !is_within(camera->name, t->name, parent_of(t->name)) &&
                   !is_within(t->name, camera->name, parent_of(camera->name));
        if (!t->has_calibration || !is_of(t, camera->robot))
            continue;
        found++;
        lonely = t;
        // its node's, or what the node is a part of
        if (is_within(camera->name, t->name, parent_of(t->name)) &&
            (best == NULL || parent_of(t->name) > parent_of(best->name)))
            best = t;
    }
    if (best != NULL)
        return best;
    return found == 1 && cameras == 0 ? lonely : NULL;
}
