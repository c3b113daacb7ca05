// Chooses the topics of a bag that belong together. Names contain the robot: /ROBOT/NODE/TOPIC,
// where Duckietown's nodes are called ..._node. Images of one robot are never combined with
// commands of another, unless the user names both topics.
// Each topic gets a robot from its name, or from the namespaces of other topics; then the best
// image and command topics of one robot are chosen.
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "data/import/rosbag_topics.h"

enum { TEXT_CAPACITY = 256 };

// ---- names --------------------------------------------------------------------------------------

// Length of the topic's prefix before its node, "/a" of "/a/camera_node/image"; -1 if it contains
// no node.
static int prefix_length_before_node(const char *topic)
{
    static const char ending[] = "_node";
    for (const char *at = topic; *at == '/';) {
        const size_t length = strcspn(at + 1, "/");
        if (at[1 + length] == '\0')
            return -1; // the last part is the topic's own name
        // a component that ends in "_node" and is longer than that
        if (length > strlen(ending) &&
            memcmp(at + 1 + length - strlen(ending), ending, strlen(ending)) == 0)
            return (int)(at - topic);
        at += 1 + length;
    }
    return -1;
}

// Whether the first component is the usual name of a device, not of a robot.
static bool is_device_name(const char *name, size_t length)
{
    static const char *const devices[] = {"cam",    "usb_cam", "cv_camera", "raspicam", "image",
                                          "wheels", "motors",  "car",       "joy"};
    // camera, camera_left, ...
    if (length >= 6 && memcmp(name, "camera", 6) == 0)
        return true;
    for (size_t k = 0; k < sizeof devices / sizeof devices[0]; k++)
        if (strlen(devices[k]) == length && memcmp(devices[k], name, length) == 0)
            return true;
    return false;
}

// Number of components of a topic's name without the suffix of image_transport.
static int count_name_parts(const imp_rosbag_topic *t)
{
    static const char *const transports[] = {"/compressed", "/compressedDepth", "/theora"};
    const size_t length = strlen(t->name);
    int parts = 0;
    for (const char *at = t->name; (at = strchr(at, '/')) != NULL; at++)
        parts++;
    // the transport's suffix is not counted
    for (size_t k = 0; k < sizeof transports / sizeof transports[0]; k++) {
        const size_t suffix_length = strlen(transports[k]);
        if (length > suffix_length && strcmp(t->name + length - suffix_length, transports[k]) == 0)
            return parts - 1;
    }
    return parts;
}

// Whether a path is a folder or lies in it.
static bool is_path_within(const char *path, const char *folder, size_t length)
{
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

// The robot is the namespace before the node. For other nodes it is the longest namespace known
// from proper names, else the first component if it does not look like a device.
static void find_topic_robot(imp_rosbag_topic *t, const imp_rosbag *bag)
{
    int length = prefix_length_before_node(t->name);
    // For other nodes: the longest known namespace that contains the topic.
    for (int k = 0; length < 0 && k < bag->connection_count; k++) {
        const int known = prefix_length_before_node(bag->connections[k].topic);
        if (known > 0 && is_path_within(t->name, bag->connections[k].topic, (size_t)known) &&
            known > (int)strlen(t->robot) + 1)
            snprintf(t->robot, sizeof t->robot, "%.*s", known - 1, bag->connections[k].topic + 1);
    }
    if (t->robot[0] != '\0' || length == 0 || t->name[0] != '/')
        return;
    // no node and no known namespace: use the first component, with care
    if (length < 0) {
        length = 1 + (int)strcspn(t->name + 1, "/");
        if (count_name_parts(t) < 2 || is_device_name(t->name + 1, (size_t)length - 1))
            return;
    }
    snprintf(t->robot, sizeof t->robot, "%.*s", length - 1, t->name + 1);
}

// Topics with readable messages.
static bool has_readable_messages(const imp_rosbag_topic *t)
{
    return t->count > 0 && (imp_rosbag_topic_is_image(t) || imp_rosbag_topic_is_command(t));
}

// First each topic for itself, then nested namespaces are joined.
void imp_rosbag_assign_topics_to_robots(imp_rosbag_topics *s, const imp_rosbag *bag)
{
    for (int k = 0; k < s->count; k++)
        find_topic_robot(&s->all[k], bag);
    // A namespace inside a robot's namespace belongs to that robot.
    for (int k = 0; k < s->count; k++)
        for (int i = 0; i < s->count; i++) {
            // only topics that are used define a robot
            const imp_rosbag_topic *other = &s->all[i];
            if (has_readable_messages(other) && other->robot[0] != '\0' &&
                is_path_within(s->all[k].robot, other->robot, strlen(other->robot)))
                memcpy(s->all[k].robot, other->robot, sizeof other->robot);
        }
}

bool imp_rosbag_topic_may_be_of_robot(const imp_rosbag_topic *t, const char *robot)
{
    return robot[0] == '\0' || t->robot[0] == '\0' || strcmp(t->robot, robot) == 0;
}

// ---- the best of several ------------------------------------------------------------------------

// Images or commands.
static bool is_command_or_image_topic(const imp_rosbag_topic *t, bool commands)
{
    return commands ? imp_rosbag_topic_is_command(t) : imp_rosbag_topic_is_image(t);
}

// Compressed images and wheel commands need no assumptions.
static bool is_preferred_kind(const imp_rosbag_topic *t)
{
    return t->kind == IMP_ROS_COMPRESSED_IMAGE || t->kind == IMP_ROS_WHEELS_CMD;
}

// Compressed images before raw ones, wheel commands before car commands, then the topic with more
// messages.
static bool is_better_topic(const imp_rosbag_topic *a, const imp_rosbag_topic *b)
{
    // the kind decides if both have readable messages
    if (a->count > 0 && b->count > 0 && is_preferred_kind(a) != is_preferred_kind(b))
        return is_preferred_kind(a);
    return a->count != b->count ? a->count > b->count : a->messages > b->messages;
}

// The best topic of a robot: one of its own, else one without a robot. Topics without readable
// messages are used only if there are no others.
static imp_rosbag_topic *find_best_topic(imp_rosbag_topics *s, bool commands, const char *robot)
{
    enum { OWN_TOPIC, UNOWNED_TOPIC, UNREADABLE_TOPIC, PASS_COUNT };
    imp_rosbag_topic *best = NULL;
    // three passes, from the best to the last resort
    for (int pass = OWN_TOPIC; pass < PASS_COUNT && best == NULL; pass++)
        for (int k = 0; k < s->count; k++) {
            imp_rosbag_topic *t = &s->all[k];
            if (t->messages == 0 || (t->count == 0 && pass != UNREADABLE_TOPIC) ||
                !is_command_or_image_topic(t, commands) ||
                !imp_rosbag_topic_may_be_of_robot(t, robot) ||
                (pass == OWN_TOPIC && robot[0] != '\0' && t->robot[0] == '\0'))
                continue;
            if (best == NULL || is_better_topic(t, best))
                best = t;
        }
    return best;
}

// Several topics may have the same name with different types.
static imp_rosbag_topic *find_topic_by_name(imp_rosbag_topics *s, bool commands, const char *name)
{
    imp_rosbag_topic *best = NULL;
    for (int k = 0; k < s->count; k++) {
        imp_rosbag_topic *t = &s->all[k];
        // the better one if a name has two types
        if (t->messages > 0 && is_command_or_image_topic(t, commands) &&
            strcmp(t->name, name) == 0 && (best == NULL || is_better_topic(t, best)))
            best = t;
    }
    return best;
}

// ---- robots -------------------------------------------------------------------------------------

// Lists the robots in the order of the bag and returns their number.
static int list_robots(const imp_rosbag_topics *s, const char *out[IMP_ROSBAG_TOPICS_MAX])
{
    int count = 0;
    for (int k = 0; k < s->count; k++) {
        // unusable topics and topics without a robot name no robot
        bool known = !has_readable_messages(&s->all[k]) || s->all[k].robot[0] == '\0';
        for (int i = 0; i < count && !known; i++)
            known = strcmp(out[i], s->all[k].robot) == 0;
        if (!known)
            out[count++] = s->all[k].robot;
    }
    return count;
}

// Messages of the robot's own best topic.
static size_t count_robot_messages(imp_rosbag_topics *s, bool commands, const char *robot)
{
    // topics without a robot do not count for it
    const imp_rosbag_topic *best = find_best_topic(s, commands, robot);
    return best == NULL || strcmp(best->robot, robot) != 0 ? 0 : best->count;
}

// Writes "a (12 images, 6 commands), b (6 images, 12 commands)" for messages.
static void describe_robots(imp_rosbag_topics *s, char out[TEXT_CAPACITY])
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < count && used < TEXT_CAPACITY; k++)
        used += (size_t)snprintf(
            out + used, TEXT_CAPACITY - used, "%s%.40s (%s, %s)", k > 0 ? ", " : "", robots[k],
            IMP_PLURAL((int64_t)count_robot_messages(s, false, robots[k]), "image"),
            IMP_PLURAL((int64_t)count_robot_messages(s, true, robots[k]), "command"));
}

// Lists the robots, and says how to choose.
static imp_status fail_ambiguous_robot(imp_rosbag_topics *s, const char *why, imp_error *err)
{
    char robots[TEXT_CAPACITY];
    describe_robots(s, robots);
    return imp_add_hint(err, IMP_HINT_ROBOT,
                        imp_fail(err, IMP_BAD_INPUT, "%s: %s: %s", s->bag, why, robots));
}

// The requested robot; IMP_BAD_INPUT if the bag does not contain it.
static imp_status find_requested_robot(const char **out, imp_rosbag_topics *s, imp_error *err)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    // a leading slash is accepted
    const char *wanted = s->def->robot + (s->def->robot[0] == '/');
    const int count = list_robots(s, robots);
    for (int k = 0; k < count; k++)
        if (strcmp(robots[k], wanted) == 0) {
            *out = robots[k];
            return IMP_OK;
        }
    // say why the choice is not possible
    if (count == 0)
        return imp_add_hint(err, IMP_HINT_TOPICS,
                            imp_fail(err, IMP_BAD_INPUT,
                                     "%s: its topics name no robot, so that %.60s cannot be chosen",
                                     s->bag, wanted));
    // the list helps the user to choose
    char listed[TEXT_CAPACITY], why[96];
    describe_robots(s, listed);
    snprintf(why, sizeof why, "holds no robot %.60s", wanted);
    return imp_fail(err, IMP_BAD_INPUT, "%s: %s: %s", s->bag, why, listed);
}

// The only robot with both images and commands; "" if no topic names a robot.
static imp_status find_only_robot_with_both_topics(const char **out, imp_rosbag_topics *s,
                                                   imp_error *err)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    int whole = 0;
    *out = "";
    // count the robots that have both
    for (int k = 0; k < count; k++) {
        const imp_rosbag_topic *images = find_best_topic(s, false, robots[k]);
        const imp_rosbag_topic *commands = find_best_topic(s, true, robots[k]);
        // a robot is complete with at least one readable message each
        if (images == NULL || commands == NULL || images->count == 0 || commands->count == 0)
            continue;
        *out = robots[k];
        whole++;
    }
    // several complete robots, or topics of different robots only
    if (whole > 1)
        return fail_ambiguous_robot(s, "holds images and commands of several robots", err);
    // images and commands exist, but of different robots
    if (whole == 0 && count > 1 && find_best_topic(s, false, "") != NULL &&
        find_best_topic(s, true, "") != NULL)
        return fail_ambiguous_robot(s, "holds images and commands, but of no robot both", err);
    return IMP_OK;
}

// Notes which of several topics is used, and why.
static void note_topic_choice(imp_rosbag_topics *s, const imp_rosbag_topic *chosen, bool commands,
                              const char *named)
{
    // other usable topics, and those of the same preference
    int others = 0, second = 0;
    for (int k = 0; k < s->count && chosen != NULL; k++) {
        const imp_rosbag_topic *t = &s->all[k];
        const bool other = t != chosen && t->count > 0 && is_command_or_image_topic(t, commands) &&
                           imp_rosbag_topic_may_be_of_robot(t, chosen->robot);
        others += other;
        second += other && is_preferred_kind(t) == is_preferred_kind(chosen);
    }
    if (others == 0 || named != NULL)
        return;
    const char *what = commands ? "commands" : "images";
    // the first reason that applies
    const char *why = second > 0                   ? "it has the most"
                      : !is_preferred_kind(chosen) ? "the others cannot be read"
                      : commands                   ? "it is of wheel commands"
                                                   : "it is of compressed images";
    imp_import_add_note(s->summary, "%.40s: of %d topics of %s, %.60s is used: %s",
                        imp_path_base_name(s->bag), others + 1, what, chosen->name, why);
}

// Notes the other robots with their numbers of messages.
static void note_unused_robots(imp_rosbag_topics *s, const char *robot)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX];
    const int count = list_robots(s, robots);
    // not if there is only one
    for (int k = 0; k < count && robot[0] != '\0'; k++)
        if (strcmp(robots[k], robot) != 0)
            imp_import_add_note(
                s->summary, "%.40s: robot %.40s is used; %.40s (%s, %s) is not",
                imp_path_base_name(s->bag), robot, robots[k],
                IMP_PLURAL((int64_t)count_robot_messages(s, false, robots[k]), "image"),
                IMP_PLURAL((int64_t)count_robot_messages(s, true, robots[k]), "command"));
}

// Only possible if the user named both topics.
static void warn_mixed_robots(imp_rosbag_topics *s, const imp_rosbag_topic *camera,
                              const imp_rosbag_topic *command_topic)
{
    if (camera == NULL || command_topic == NULL ||
        imp_rosbag_topic_may_be_of_robot(command_topic, camera->robot))
        return;
    imp_import_add_note(
        s->summary, "%.40s: warning: the images are of robot %.40s, the commands of robot %.40s",
        imp_path_base_name(s->bag), camera->robot, command_topic->robot);
}

// The other topic of the robot whose first topic the user named.
static imp_status find_other_topic_of_robot(imp_rosbag_topic **out, imp_rosbag_topics *s,
                                            const imp_rosbag_topic *named, bool commands,
                                            imp_error *err)
{
    const char *robots[IMP_ROSBAG_TOPICS_MAX], *robot = named->robot;
    const int count = list_robots(s, robots);
    int robots_with_topic = 0;
    // the same robot's topic, or one without a robot
    *out = find_best_topic(s, commands, robot);
    for (int k = 0; k < count; k++)
        robots_with_topic += count_robot_messages(s, commands, robots[k]) > 0;
    char why[TEXT_CAPACITY];
    // the robot has no such topic, but others have
    if (*out == NULL && robots_with_topic > 0) {
        snprintf(why, sizeof why, "%.100s is of robot %.40s, which has no %s", named->name, robot,
                 commands ? "commands" : "images");
        return fail_ambiguous_robot(s, why, err);
    }
    // the named topic has no robot and the choice is open
    if (robot[0] == '\0' && robots_with_topic > 1) {
        snprintf(why, sizeof why, "%.100s is of no robot, and several have %s", named->name,
                 commands ? "commands" : "images");
        return fail_ambiguous_robot(s, why, err);
    }
    return IMP_OK;
}

// A requested robot and a named topic of another robot contradict each other.
static imp_status check_topics_match_robot(const imp_rosbag_topics *s, const char *robot,
                                           const imp_rosbag_topic *camera,
                                           const imp_rosbag_topic *command_topic, imp_error *err)
{
    // named topics must agree with the named robot
    const imp_rosbag_topic *named[] = {camera, command_topic};
    for (int k = 0; k < 2; k++)
        if (named[k] != NULL && !imp_rosbag_topic_may_be_of_robot(named[k], robot))
            return imp_fail(err, IMP_USAGE, "%s: %.120s is of robot %.40s, not of %.40s", s->bag,
                            named[k]->name, named[k]->robot, robot);
    return IMP_OK;
}

// Named topics first, then those of a requested robot, then the only complete robot.
imp_status imp_rosbag_select_topics(imp_rosbag_topic **camera, imp_rosbag_topic **command_topic,
                                    imp_rosbag_topics *s, imp_error *err)
{
    const char *requested_camera = s->def->camera_topic,
               *requested_commands = s->def->command_topic;
    const char *robot = "";
    // NULL if not named or not found
    *camera = requested_camera != NULL ? find_topic_by_name(s, false, requested_camera) : NULL;
    *command_topic =
        requested_commands != NULL ? find_topic_by_name(s, true, requested_commands) : NULL;
    // A missing named topic is reported by the caller.
    if ((requested_camera != NULL && *camera == NULL) ||
        (requested_commands != NULL && *command_topic == NULL))
        return IMP_OK;
    const bool automatic = requested_camera == NULL && requested_commands == NULL;
    // determine the robot
    if (s->def->robot != NULL)
        IMP_TRY(find_requested_robot(&robot, s, err));
    else if (automatic)
        IMP_TRY(find_only_robot_with_both_topics(&robot, s, err));
    else if (requested_commands == NULL)
        IMP_TRY(find_other_topic_of_robot(command_topic, s, *camera, true, err));
    else if (requested_camera == NULL)
        IMP_TRY(find_other_topic_of_robot(camera, s, *command_topic, false, err));
    if (s->def->robot != NULL)
        IMP_TRY(check_topics_match_robot(s, robot, *camera, *command_topic, err));
    // fill in what was not named
    if (*camera == NULL)
        *camera = find_best_topic(s, false, robot);
    if (*command_topic == NULL)
        *command_topic = find_best_topic(s, true, robot);
    // tell the user what was chosen
    if (automatic)
        note_unused_robots(s, robot);
    note_topic_choice(s, *camera, false, requested_camera);
    note_topic_choice(s, *command_topic, true, requested_commands);
    warn_mixed_robots(s, *camera, *command_topic);
    return IMP_OK;
}

// ---- calibrations -------------------------------------------------------------------------------

// Length of a topic's name before its last component.
static size_t parent_path_length(const char *topic)
{
    const char *slash = strrchr(topic, '/');
    return slash == NULL ? 0 : (size_t)(slash - topic);
}

// Prefers the calibration in the closest namespace of the camera. Without one, the only calibration
// is used if there is no other camera.
const imp_rosbag_topic *imp_rosbag_find_calibration(const imp_rosbag_topics *s,
                                                    const imp_rosbag_topic *camera)
{
    const imp_rosbag_topic *best = NULL, *only_candidate = NULL;
    int found = 0, cameras = 0;
    for (int k = 0; k < s->count; k++) {
        // other cameras of this robot, which the calibration could belong to
        const imp_rosbag_topic *t = &s->all[k];
        // a camera in another namespace than this one
        cameras += imp_rosbag_topic_is_image(t) && t->count > 0 &&
                   imp_rosbag_topic_may_be_of_robot(t, camera->robot) &&
                   parent_path_length(t->name) != 0 &&
                   !is_path_within(camera->name, t->name, parent_path_length(t->name)) &&
                   !is_path_within(t->name, camera->name, parent_path_length(camera->name));
        if (!t->has_calibration || !imp_rosbag_topic_may_be_of_robot(t, camera->robot))
            continue;
        found++;
        only_candidate = t;
        // In the camera's node, or in a namespace that contains it.
        if (is_path_within(camera->name, t->name, parent_path_length(t->name)) &&
            (best == NULL || parent_path_length(t->name) > parent_path_length(best->name)))
            best = t;
    }
    // the closest namespace
    if (best != NULL)
        return best;
    return found == 1 && cameras == 0 ? only_candidate : NULL;
}
