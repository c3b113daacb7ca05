// Which topics of a bag belong together. Topics carry the robot's name: /ROBOT/NODE/TOPIC, where
// Duckietown's nodes are called ..._node. Pictures of one robot never go with commands of another
// unless somebody names both topics.
#include <stdio.h>
#include <string.h>

#include "base/text/plural.h"
#include "data/import/rosbag_topics.h"

enum { TEXT_CAPACITY = 256 };

// ---- names --------------------------------------------------------------------------------------

// Bytes of a topic before its node, "/a" of "/a/camera_node/image"; -1 if it names no node.
static int node_name_offset(const char *topic)
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
static bool is_device_name(const char *name, size_t length)
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
static int count_name_parts(const imp_rosbag_topic *t)
{
    static const char *const transports[] = {"/compressed", "/compressedDepth", "/theora"};
    const size_t length = strlen(t->name);
    int parts = 0;
    for (const char *at = t->name; (at = strchr(at, '/')) != NULL; at++)
        parts++;
    for (size_t k = 0; k < sizeof transports / sizeof transports[0]; k++) {
        const size_t suffix_length = strlen(transports[k]);
        if (length > suffix_length && strcmp(t->name + length - suffix_length, transports[k]) == 0)
            return parts - 1;
    }
    return parts;
}

// Whether a path is that of a folder or something in it.
static bool is_path_within(const char *path, const char *folder, size_t length)
{
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void find_topic_robot(imp_rosbag_topic *t, const imp_rosbag *bag)
{
    int length = node_name_offset(t->name);
    // of other nodes, the longest namespace that is known from those whose names say it
    for (int k = 0; length < 0 && k < bag->connection_count; k++) {
        const int known = node_name_offset(bag->connections[k].topic);
        if (known > 0 && is_path_within(t->name, bag->connections[k].topic, (size_t)known) &&
            known > (int)strlen(t->robot) + 1)
            snprintf(t->robot, sizeof t->robot, "%.*s", known - 1, bag->connections[k].topic + 1);
    }
    if (t->robot[0] != '\0' || length == 0 || t->name[0] != '/')
        return;
    if (length < 0) {
        length = 1 + (int)strcspn(t->name + 1, "/");
        if (count_name_parts(t) < 2 || is_device_name(t->name + 1, (size_t)length - 1))
            return;
    }
    snprintf(t->robot, sizeof t->robot, "%.*s", length - 1, t->name + 1);
}

static bool is_usable_topic(const imp_rosbag_topic *t)
{
    return t->count > 0 && (imp_rosbag_topic_is_image(t) || imp_rosbag_topic_is_command(t));
}

void imp_rosbag_assign_robots(imp_rosbag_topics *s, const imp_rosbag *bag)
{
    for (int k = 0; k < s->count; k++)
        find_topic_robot(&s->all[k], bag);
    // what is in a robot's namespace is a part of it
    for (int k = 0; k < s->count; k++)
        for (int i = 0; i < s->count; i++) {
            const imp_rosbag_topic *other = &s->all[i];
            if (is_usable_topic(other) && other->robot[0] != '\0' &&
                is_path_within(s->all[k].robot, other->robot, strlen(other->robot)))
                memcpy(s->all[k].robot, other->robot, sizeof other->robot);
        }
}

// Whether a topic can be of a robot; "" stands for none.
static bool may_belong_to_robot(const imp_rosbag_topic *t, const char *robot)
{
    return robot[0] == '\0' || t->robot[0] == '\0' || strcmp(t->robot, robot) == 0;
}

// ---- the best of several ------------------------------------------------------------------------

static bool is_wanted_kind(const imp_rosbag_topic *t, bool commands)
{
    return commands ? imp_rosbag_topic_is_command(t) : imp_rosbag_topic_is_image(t);
}

static bool is_preferred_kind(const imp_rosbag_topic *t)
{
    return t->kind == IMP_ROS_COMPRESSED_IMAGE || t->kind == IMP_ROS_WHEELS_CMD;
}

// Compressed pictures before raw ones, wheel commands before car commands, then the one with most.
static bool is_better_topic(const imp_rosbag_topic *a, const imp_rosbag_topic *b)
{
    if (a->count > 0 && b->count > 0 && is_preferred_kind(a) != is_preferred_kind(b))
        return is_preferred_kind(a);
    return a->count != b->count ? a->count > b->count : a->messages > b->messages;
}

// The best topic of pictures, or commands, of a robot: of its own, else one that is nobody's. One
// with messages of which none can be read only if there is no other.
static imp_rosbag_topic *find_best_topic(imp_rosbag_topics *s, bool commands, const char *robot)
{
    enum { OWN_TOPIC, UNOWNED_TOPIC, UNREADABLE_TOPIC, PASS_COUNT };
    imp_rosbag_topic *best = NULL;
    for (int pass = OWN_TOPIC; pass < PASS_COUNT && best == NULL; pass++)
        for (int k = 0; k < s->count; k++) {
            imp_rosbag_topic *t = &s->all[k];
            if (t->messages == 0 || (t->count == 0 && pass != UNREADABLE_TOPIC) ||
                !is_wanted_kind(t, commands) || !may_belong_to_robot(t, robot) ||
                (pass == OWN_TOPIC && robot[0] != '\0' && t->robot[0] == '\0'))
                continue;
            if (best == NULL || is_better_topic(t, best))
                best = t;
        }
    return best;
}

static imp_rosbag_topic *find_topic_by_name(imp_rosbag_topics *s, bool commands, const char *name)
{
    imp_rosbag_topic *best = NULL;
    for (int k = 0; k < s->count; k++) {
        imp_rosbag_topic *t = &s->all[k];
        if (t->messages > 0 && is_wanted_kind(t, commands) && strcmp(t->name, name) == 0 &&
            (best == NULL || is_better_topic(t, best)))
            best = t;
    }
    return best;
}

// ---- robots -------------------------------------------------------------------------------------

// The robots in the order of the bag; returns how many.
static int list_robots(const imp_rosbag_topics *s, const char *out[IMP_ROSBAG_TOPICS_MAX])
{
    int count = 0;
    for (int k = 0; k < s->count; k++) {
        bool known = !is_usable_topic(&s->all[k]) || s->all[k].robot[0] == '\0';
        for (int i = 0; i < count && !known; i++)
            known = strcmp(out[i], s->all[k].robot) == 0;
        if (!known)
            out[count++] = s->all[k].robot;
    }
    return count;
}

static size_t count_robot_messages(imp_rosbag_topics *s, bool commands, const char *robot)
{
    const imp_rosbag_topic *best = find_best_topic(s, commands, robot);
    return best == NULL || strcmp(best->robot, robot) != 0 ? 0 : best->count;
}

// "a (12 pictures, 6 commands), b (6 pictures, 12 commands)"
static void describe_robots(imp_rosbag_topics *s, char out[TEXT_CAPACITY])
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < count && used < TEXT_CAPACITY; k++)
        used += (size_t)snprintf(
            out + used, TEXT_CAPACITY - used, "%s%.40s (%s, %s)", k > 0 ? ", " : "", robots[k],
            IMP_PLURAL((int64_t)count_robot_messages(s, false, robots[k]), "picture"),
            IMP_PLURAL((int64_t)count_robot_messages(s, true, robots[k]), "command"));
}

static imp_status fail_ambiguous_robot(imp_rosbag_topics *s, const char *why, imp_error *err)
{
    char robots[TEXT_CAPACITY];
    describe_robots(s, robots);
    return imp_add_hint(err, IMP_HINT_ROBOT,
                        imp_fail(err, IMP_BAD_INPUT, "%s: %s: %s", s->bag, why, robots));
}

// The robot that is asked for; IMP_BAD_INPUT if it is not there.
static imp_status find_requested_robot(const char **out, imp_rosbag_topics *s, imp_error *err)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    const char *wanted = s->def->robot + (s->def->robot[0] == '/');
    const int count = list_robots(s, robots);
    for (int k = 0; k < count; k++)
        if (strcmp(robots[k], wanted) == 0) {
            *out = robots[k];
            return IMP_OK;
        }
    if (count == 0)
        return imp_add_hint(err, IMP_HINT_TOPICS,
                            imp_fail(err, IMP_BAD_INPUT,
                                     "%s: its topics name no robot, so that %.60s cannot be chosen",
                                     s->bag, wanted));
    char listed[TEXT_CAPACITY], why[96];
    describe_robots(s, listed);
    snprintf(why, sizeof why, "holds no robot %.60s", wanted);
    return imp_fail(err, IMP_BAD_INPUT, "%s: %s: %s", s->bag, why, listed);
}

// The only robot that has both pictures and commands; "" if no topic names a robot.
static imp_status find_only_complete_robot(const char **out, imp_rosbag_topics *s, imp_error *err)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    int whole = 0;
    *out = "";
    for (int k = 0; k < count; k++) {
        const imp_rosbag_topic *images = find_best_topic(s, false, robots[k]);
        const imp_rosbag_topic *commands = find_best_topic(s, true, robots[k]);
        if (images == NULL || commands == NULL || images->count == 0 || commands->count == 0)
            continue;
        *out = robots[k];
        whole++;
    }
    if (whole > 1)
        return fail_ambiguous_robot(s, "holds pictures and commands of several robots", err);
    if (whole == 0 && count > 1 && find_best_topic(s, false, "") != NULL &&
        find_best_topic(s, true, "") != NULL)
        return fail_ambiguous_robot(s, "holds pictures and commands, but of no robot both", err);
    return IMP_OK;
}

// Says which of several topics is used.
static void note_topic_choice(imp_rosbag_topics *s, const imp_rosbag_topic *chosen, bool commands,
                              const char *named)
{
    int others = 0, second = 0;
    for (int k = 0; k < s->count && chosen != NULL; k++) {
        const imp_rosbag_topic *t = &s->all[k];
        const bool other = t != chosen && t->count > 0 && is_wanted_kind(t, commands) &&
                           may_belong_to_robot(t, chosen->robot);
        others += other;
        second += other && is_preferred_kind(t) == is_preferred_kind(chosen);
    }
    if (others == 0 || named != NULL)
        return;
    const char *what = commands ? "commands" : "pictures";
    const char *why = second > 0                   ? "it has the most"
                      : !is_preferred_kind(chosen) ? "the others cannot be read"
                      : commands                   ? "it is of wheel commands"
                                                   : "it is of compressed pictures";
    imp_import_add_note(s->summary, "%.40s: of %d topics of %s, %.60s is used: %s",
                        imp_path_base_name(s->bag), others + 1, what, chosen->name, why);
}

static void note_unused_robots(imp_rosbag_topics *s, const char *robot)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    for (int k = 0; k < count && robot[0] != '\0'; k++)
        if (strcmp(robots[k], robot) != 0)
            imp_import_add_note(
                s->summary, "%.40s: robot %.40s is used; %.40s (%s, %s) is not",
                imp_path_base_name(s->bag), robot, robots[k],
                IMP_PLURAL((int64_t)count_robot_messages(s, false, robots[k]), "picture"),
                IMP_PLURAL((int64_t)count_robot_messages(s, true, robots[k]), "command"));
}

static void warn_mixed_robots(imp_rosbag_topics *s, const imp_rosbag_topic *camera,
                              const imp_rosbag_topic *command_topic)
{
    if (camera == NULL || command_topic == NULL ||
        may_belong_to_robot(command_topic, camera->robot))
        return;
    imp_import_add_note(
        s->summary, "%.40s: warning: the pictures are of robot %.40s, the commands of robot %.40s",
        imp_path_base_name(s->bag), camera->robot, command_topic->robot);
}

// The robot of a topic that somebody named, whose other topic is to be found.
static imp_status find_matching_topic(imp_rosbag_topic **out, imp_rosbag_topics *s,
                                      const imp_rosbag_topic *named, bool commands, imp_error *err)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX], *robot = named->robot;
    const int count = list_robots(s, robots);
    int robots_with_topic = 0;
    *out = find_best_topic(s, commands, robot);
    for (int k = 0; k < count; k++)
        robots_with_topic += count_robot_messages(s, commands, robots[k]) > 0;
    char why[TEXT_CAPACITY];
    if (*out == NULL && robots_with_topic > 0) {
        snprintf(why, sizeof why, "%.100s is of robot %.40s, which has no %s", named->name, robot,
                 commands ? "commands" : "pictures");
        return fail_ambiguous_robot(s, why, err);
    }
    if (robot[0] == '\0' && robots_with_topic > 1) {
        snprintf(why, sizeof why, "%.100s is of no robot, and several have %s", named->name,
                 commands ? "commands" : "pictures");
        return fail_ambiguous_robot(s, why, err);
    }
    return IMP_OK;
}

// A robot and a topic of another one are a contradiction.
static imp_status check_topics_match_robot(const imp_rosbag_topics *s, const char *robot,
                                           const imp_rosbag_topic *camera,
                                           const imp_rosbag_topic *command_topic, imp_error *err)
{
    const imp_rosbag_topic *named[] = {camera, command_topic};
    for (int k = 0; k < 2; k++)
        if (named[k] != NULL && !may_belong_to_robot(named[k], robot))
            return imp_fail(err, IMP_USAGE, "%s: %.120s is of robot %.40s, not of %.40s", s->bag,
                            named[k]->name, named[k]->robot, robot);
    return IMP_OK;
}

imp_status imp_rosbag_select_topics(imp_rosbag_topic **camera, imp_rosbag_topic **command_topic,
                                    imp_rosbag_topics *s, imp_error *err)
{
    const char *requested_camera = s->def->camera_topic,
               *requested_commands = s->def->command_topic;
    const char *robot = "";
    imp_status status = IMP_OK;
    *camera = requested_camera != NULL ? find_topic_by_name(s, false, requested_camera) : NULL;
    *command_topic =
        requested_commands != NULL ? find_topic_by_name(s, true, requested_commands) : NULL;
    // a topic that is not there is told of later
    if ((requested_camera != NULL && *camera == NULL) ||
        (requested_commands != NULL && *command_topic == NULL))
        return IMP_OK;
    const bool automatic = requested_camera == NULL && requested_commands == NULL;
    if (s->def->robot != NULL)
        status = find_requested_robot(&robot, s, err);
    else if (automatic)
        status = find_only_complete_robot(&robot, s, err);
    else if (requested_commands == NULL)
        status = find_matching_topic(command_topic, s, *camera, true, err);
    else if (requested_camera == NULL)
        status = find_matching_topic(camera, s, *command_topic, false, err);
    if (status == IMP_OK && s->def->robot != NULL)
        status = check_topics_match_robot(s, robot, *camera, *command_topic, err);
    if (status != IMP_OK)
        return status;
    if (*camera == NULL)
        *camera = find_best_topic(s, false, robot);
    if (*command_topic == NULL)
        *command_topic = find_best_topic(s, true, robot);
    if (automatic)
        note_unused_robots(s, robot);
    note_topic_choice(s, *camera, false, requested_camera);
    note_topic_choice(s, *command_topic, true, requested_commands);
    warn_mixed_robots(s, *camera, *command_topic);
    return IMP_OK;
}

// ---- calibrations -------------------------------------------------------------------------------

// Bytes of a topic's name before its last part.
static size_t parent_path_length(const char *topic)
{
    const char *slash = strrchr(topic, '/');
    return slash == NULL ? 0 : (size_t)(slash - topic);
}

const imp_rosbag_topic *imp_rosbag_find_calibration(const imp_rosbag_topics *s,
                                                    const imp_rosbag_topic *camera)
{
    const imp_rosbag_topic *best = NULL, *only_candidate = NULL;
    int found = 0, cameras = 0;
    for (int k = 0; k < s->count; k++) {
        const imp_rosbag_topic *t = &s->all[k];
        cameras += imp_rosbag_topic_is_image(t) && t->count > 0 &&
                   may_belong_to_robot(t, camera->robot) && parent_path_length(t->name) != 0 &&
                   !is_path_within(camera->name, t->name, parent_path_length(t->name)) &&
                   !is_path_within(t->name, camera->name, parent_path_length(camera->name));
        if (!t->has_calibration || !may_belong_to_robot(t, camera->robot))
            continue;
        found++;
        only_candidate = t;
        // its node's, or what the node is a part of
        if (is_path_within(camera->name, t->name, parent_path_length(t->name)) &&
            (best == NULL || parent_path_length(t->name) > parent_path_length(best->name)))
            best = t;
    }
    if (best != NULL)
        return best;
    return found == 1 && cameras == 0 ? only_candidate : NULL;
}
