/// imprint/import_export.h: imports recordings of other programs as datasets, and exports datasets
/// to formats of other programs.
///
/// An import writes to a folder beside its destination and renames it at the end, so an interrupted
/// import leaves no partial dataset. Dropped data are counted by reason, in the summary and in the
/// dataset (imp_dataset_origin()).
#ifndef IMPRINT_IMPORT_EXPORT_H
#define IMPRINT_IMPORT_EXPORT_H

#include "imprint/dataset.h"
#include "imprint/robot.h"
#include "imprint/robot_file.h"

IMP_API_BEGIN

/// How recordings become a dataset. Obtain with imp_default_import_def(), then change fields.
typedef struct imp_import_def {
    int width,
        height; ///< size of the observations [px]; 80 x 60. 0 x 0: as recorded (train.log only)
    const char *map;      ///< map of the recording; "unknown"
    const char *policy;   ///< name of the policy that drove; "recorded"
    const char *settings; ///< JSON text that the dataset stores; "{}"

    // For bags.
    const char *robot;         ///< topics /ROBOT/...; NULL: the only robot with images and commands
    const char *camera_topic;  ///< NULL: that robot's topic with the most images
    const char *command_topic; ///< NULL: the topic with the most wheel commands, else car commands
    const char *odometry_topic; ///< of poses or of an encoder; NULL: the robot's own; "none": none
    bool use_receive_times;     ///< use times of reception even if the messages' own stamps are
                                ///< sound
    double delay; ///< an image is matched with the latest command this long after it [s]; 0
    double max_command_age;             ///< older commands are ignored [s]; 0.5
    double gap;                         ///< a longer time between images ends an episode [s]; 0.5
    bool skip_standstill;               ///< drop images while both wheels stand still
    double gain, trim;                  ///< of the robot's kinematics, for car commands; 1, 0
    bool undistort;                     ///< undistort the images
    const imp_calibration *calibration; ///< of the camera; NULL: from the bag
    /// The robot that was driven: its commands are stored as the duty cycles that the default
    /// wheels would need, and the dataset says what it is. Nullable.
    const imp_robot_def *driven;

    // For train.log.
    const char *lens;            ///< lens of the images, see imp_lens_name(); "duckiebot"
    bool swap_red_blue;          ///< images are stored as BGR
    bool use_next_action;        ///< match an entry's image with the next entry's action
    bool actions_are_velocities; ///< actions are speed [m/s] and turn rate [rad/s], not duty cycles
    int cookie;
} imp_import_def;

imp_import_def imp_default_import_def(void);

#define IMP_IMPORT_NOTES_MAX 24
#define IMP_IMPORT_REASONS_MAX 16

/// Result of an import.
typedef struct imp_import_summary {
    int episodes;
    int64_t steps;
    int64_t images; ///< in the recordings, on the topic that was read
    int reason_count;
    struct {
        const char *reason;            ///< constant, such as "images before the first command"
        int64_t count;                 ///< more than 0
    } dropped[IMP_IMPORT_REASONS_MAX]; ///< (reason_count) what was dropped
    double command_age;                ///< mean age of the commands at their images [s]; bags only
    int note_count;
    char notes[IMP_IMPORT_NOTES_MAX][200]; ///< (note_count) what was read, and peculiarities
} imp_import_summary;

/// Imports bags of ROS 1 (version 2.0; chunks uncompressed, bz2 or lz4; with or without index) and
/// of ROS 2 (MCAP or SQLite, or the folder that ROS 2 records; lz4 or zstd): camera
/// images (sensor_msgs/CompressedImage or Image) with the wheel commands
/// (duckietown_msgs/WheelsCmdStamped) or car commands (duckietown_msgs/Twist2DStamped) that were
/// active when they were taken. Images become observations exactly as in the agent. The command is
/// both the executed and the expert's action. Poses come from the robot's odometry
/// (nav_msgs/Odometry) or its wheels' encoders (duckietown_msgs/WheelEncoderStamped) if there are
/// any, and begin anywhere; lane positions and rewards are unknown. A truncated or damaged bag
/// yields every complete message that can be read, with a note in *out. Bags are mapped:
/// SIGBUS, as imp_dataset_open() says, if one is shortened during the import.
///
/// Fails with IMP_IO or IMP_BAD_INPUT, naming the file and what is missing, with IMP_USAGE if the
/// definition is invalid, with IMP_INTERRUPTED. *out is filled in any case.
imp_status imp_import_rosbag(imp_import_summary *out, const char *const *paths, int count,
                             const char *folder, const imp_import_def *def,
                             const imp_monitor *monitor, imp_error *err);

/// Imports logs of Duckietown's behaviour cloning baselines (train.log): streams of Python pickles,
/// protocols 2 to 5. They contain lists of {"step": [image, action], "metadata": [pose, reward,
/// done, info]}, or Episode and Step objects. Nothing in them is executed: only plain data and
/// numpy arrays are read, other needed objects are rejected by name. A pickle is one episode, or
/// several if `done` occurs inside. A truncated last pickle is dropped. The file is mapped, as bags
/// are.
imp_status imp_import_trainlog(imp_import_summary *out, const char *const *paths, int count,
                               const char *folder, const imp_import_def *def,
                               const imp_monitor *monitor, imp_error *err);

/// Export formats.
typedef enum imp_export_format {
    IMP_EXPORT_TRAINLOG,  ///< a train.log: pickles of protocol 3, one per episode
    IMP_EXPORT_MINARI,    ///< a folder with one HDF5 file for all episodes and metadata.json
    IMP_EXPORT_ROBOMIMIC, ///< one HDF5 file: `data/demo_<n>/obs/image`, actions, ..., mask/train,
                          ///< mask/valid
} imp_export_format;

/// How a dataset is exported. Obtain with imp_default_export_def(), then change fields.
typedef struct imp_export_def {
    imp_export_format format;
    bool replace;      ///< replace an existing file; false
    const char *id;    ///< Minari: id "NAMESPACE/NAME-vNUMBER"; NULL: the dataset's own
    double validation; ///< robomimic: fraction of episodes in mask/valid; 0.1. 0: no masks
    uint64_t seed;     ///< robomimic: seed of that split, as in imp_train(); 1
    int cookie;
} imp_export_def;
imp_export_def imp_default_export_def(void);

/// Result of an export.
typedef struct imp_export_summary {
    int training, held_out; ///< robomimic: number of demos in mask/train and mask/valid
} imp_export_summary;

/// Writes a dataset to path, a file or, for Minari, a folder. It appears complete or not at all.
/// The path must not exist, unless it is a file and replace is true. The label is the expert's
/// action; the executed action is stored beside it. Fails with IMP_IO or IMP_BAD_INPUT, with
/// IMP_USAGE if the definition is invalid, or with IMP_INTERRUPTED.
imp_status imp_export_dataset(imp_export_summary *out, const char *dataset_folder, const char *path,
                              const imp_export_def *def, const imp_monitor *monitor,
                              imp_error *err);

IMP_API_END

#endif
