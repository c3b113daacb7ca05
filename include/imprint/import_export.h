/// imprint/import_export.h: other people's recordings as datasets, and datasets as other people's
/// files.
///
/// An import writes into a folder beside the one wanted and renames it at the end: whoever is
/// killed or interrupted leaves no half dataset. What is left out is counted by reason, in the
/// summary and in the dataset (imp_dataset_origin()).
#ifndef IMPRINT_IMPORT_EXPORT_H
#define IMPRINT_IMPORT_EXPORT_H

#include "imprint/dataset.h"
#include "imprint/robot.h"

IMP_API_BEGIN

/// How recordings become a dataset. Obtain with imp_default_import_def(), then change fields.
typedef struct imp_import_def {
    int width,
        height;      ///< of the observations [px]; 80 x 60, or 0 x 0: as recorded (train.log only)
    const char *map; ///< where it was recorded; "unknown"
    const char *policy;   ///< who drove; "recorded"
    const char *settings; ///< JSON text that the dataset keeps; "{}"

    // of bags
    const char *robot; ///< whose topics, /ROBOT/...; NULL: the only one with pictures and commands
    const char *camera_topic;  ///< NULL: that robot's with the most pictures
    const char *command_topic; ///< NULL: that with the most wheel commands, else car commands
    bool use_receive_times;    ///< go by the times of receipt even if the messages' own stamps are
                               ///< sound
    double delay;              ///< a picture goes with the latest command so long after it [s]; 0
    double max_command_age;    ///< older ones count as none [s]; 0.5
    double gap;                ///< a longer time between pictures ends an episode [s]; 0.5
    bool skip_standstill;      ///< leave out pictures at which both wheels stand still
    double gain, trim;         ///< of the robot's kinematics, for car commands; 1, 0
    bool undistort;            ///< straighten the pictures
    const imp_calibration *calibration; ///< of the camera; NULL: what the bag tells

    // of train.log
    const char *lens;            ///< that the pictures show, by imp_lens_name(); "duckiebot"
    bool swap_red_blue;          ///< the pictures are stored blue first
    bool use_next_action;        ///< an entry's picture goes with the action of the next entry
    bool actions_are_velocities; ///< actions are speed [m/s] and turn rate [rad/s], not duty cycles
    int cookie;
} imp_import_def;

imp_import_def imp_default_import_def(void);

#define IMP_IMPORT_NOTES_MAX 24
#define IMP_IMPORT_REASONS_MAX 16

/// What became of recordings.
typedef struct imp_import_summary {
    int episodes;
    int64_t steps;
    int64_t images; ///< that the recordings hold, on the topic that was read
    int reason_count;
    struct {
        const char *reason;            ///< constant, such as "pictures before the first command"
        int64_t count;                 ///< more than 0
    } dropped[IMP_IMPORT_REASONS_MAX]; ///< (reason_count) what was left out
    int note_count;
    char notes[IMP_IMPORT_NOTES_MAX][200]; ///< (note_count) what was read, and what is odd about it
} imp_import_summary;

/// Makes a dataset of ROS 1 bags (version 2.0; chunks plain, bz2 or lz4; with or without index):
/// camera pictures (sensor_msgs/CompressedImage or Image) with the wheel commands
/// (duckietown_msgs/WheelsCmdStamped) or car commands (duckietown_msgs/Twist2DStamped) that held
/// when they were taken. Pictures become observations as the agent makes them. The command is both
/// the executed and the expert's action; poses, lane positions and rewards are unknown. A bag that
/// is cut off or damaged gives every whole message that can be read, with a note in *out.
///
/// Fails with IMP_IO or IMP_BAD_INPUT, naming the file and what it lacks, with IMP_USAGE if the
/// definition makes no sense, with IMP_INTERRUPTED; *out is filled nevertheless.
imp_status imp_import_rosbag(imp_import_summary *out, const char *const *paths, int count,
                             const char *folder, const imp_import_def *def,
                             const imp_monitor *monitor, imp_error *err);

/// Makes a dataset of logs that Duckietown's behaviour cloning baselines write (train.log): streams
/// of Python pickles, protocols 2 to 5, of lists of {"step": [picture, action], "metadata": [pose,
/// reward, done, info]}, or of Episode and Step objects. Nothing in them is executed: what is
/// neither plain data nor a numpy array is refused by name. One pickle is an episode, or several if
/// it says done in its middle. What is left of a last pickle that is cut off is left out.
imp_status imp_import_trainlog(imp_import_summary *out, const char *const *paths, int count,
                               const char *folder, const imp_import_def *def,
                               const imp_monitor *monitor, imp_error *err);

/// Formats that datasets are written in for others.
typedef enum imp_export_format {
    IMP_EXPORT_TRAINLOG,  ///< a train.log: pickles of protocol 3, one per episode
    IMP_EXPORT_MINARI,    ///< a folder with one HDF5 file for all episodes and metadata.json
    IMP_EXPORT_ROBOMIMIC, ///< one HDF5 file: `data/demo_<n>/obs/image`, actions, ..., mask/train,
                          ///< mask/valid
} imp_export_format;

/// How a dataset is written for others. Obtain with imp_default_export_def(), then change fields.
typedef struct imp_export_def {
    imp_export_format format;
    bool replace;   ///< a file that exists; false
    const char *id; ///< Minari: of the dataset, "NAMESPACE/NAME-vNUMBER"; NULL: as the dataset says
    double validation; ///< robomimic: share of the episodes that mask/valid lists; 0.1. 0: no masks
    uint64_t seed;     ///< robomimic: of that split, which is imp_train()'s; 1
    int cookie;
} imp_export_def;
imp_export_def imp_default_export_def(void);

/// What was exported.
typedef struct imp_export_summary {
    int training, held_out; ///< robomimic: demos that mask/train and mask/valid list
} imp_export_summary;

/// Writes a dataset to path, a file or, for Minari, a folder. It appears whole or not at all, and
/// must not exist, unless it is a file and replace is true. The label is the expert's action; what
/// was executed is there beside it. Fails with IMP_IO or IMP_BAD_INPUT, with IMP_USAGE if the
/// definition makes no sense, or with IMP_INTERRUPTED.
imp_status imp_export_dataset(imp_export_summary *out, const char *dataset_folder, const char *path,
                              const imp_export_def *def, const imp_monitor *monitor,
                              imp_error *err);

IMP_API_END

#endif
